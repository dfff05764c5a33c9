//! From the bytes of a CSV file to the fields of its rows.

use super::options::CsvFormat;

/// Why bytes are no row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Something follows a closing quote.
    BehindQuote,
    /// The file ends inside a quoted field.
    OpenQuote,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// At the start of a field.
    #[default]
    Start,
    Plain,
    Quoted,
    /// Behind an escape inside quotes.
    Escaped,
    /// Behind a quote that closes the field, or is the first of two.
    Closed,
    /// Behind a closed field, at what may surround it.
    Behind,
}

/// One row in the making. Bytes go in piece by piece.
#[derive(Debug)]
pub(super) struct Splitter {
    format: CsvFormat,
    state: State,
    bytes: Vec<u8>,
    /// Where each finished field ends in `bytes`.
    ends: Vec<usize>,
    /// Whether the field is quoted.
    quoted: bool,
    /// Whether any byte of the row was seen.
    begun: bool,
    /// Whether the row is an empty line.
    blank: bool,
}

impl Splitter {
    pub(super) fn new(format: CsvFormat) -> Self {
        Self {
            format,
            state: State::Start,
            bytes: Vec::new(),
            ends: Vec::new(),
            quoted: false,
            begun: false,
            blank: false,
        }
    }

    /// Forgets the row.
    pub(super) fn clear(&mut self) {
        (self.state, self.quoted, self.begun, self.blank) = (State::Start, false, false, false);
        self.bytes.clear();
        self.ends.clear();
    }

    /// The memory that the row takes so far.
    pub(super) fn len(&self) -> usize {
        self.bytes.len() + self.ends.len() * size_of::<usize>()
    }

    pub(super) fn is_blank(&self) -> bool {
        self.blank
    }

    pub(super) fn width(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| {
            let field = self.bytes.get(start..*end).unwrap_or_default();
            if self.format.trim_space { field.trim_ascii() } else { field }
        })
    }

    /// Takes bytes up to the end of the row; returns how many, and whether the row has ended.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(usize, bool), Fault> {
        let mut at = 0;
        while let Some(byte) = bytes.get(at).copied() {
            self.begun = true;
            let rest = bytes.get(at..).unwrap_or_default();
            let run = match self.state {
                State::Plain => rest.iter().position(|byte| self.ends_field(*byte)).unwrap_or(rest.len()),
                State::Quoted => rest.iter().position(|byte| self.ends_run(*byte)).unwrap_or(rest.len()),
                _ => 0,
            };
            if run > 0 {
                self.bytes.extend_from_slice(rest.get(..run).unwrap_or_default());
                at += run;
                continue;
            }
            at += 1;
            if self.step(byte)? {
                return Ok((at, true));
            }
        }
        Ok((at, false))
    }

    /// Ends the last row of a file; `false` when there is none.
    pub(super) fn finish(&mut self) -> Result<bool, Fault> {
        match self.state {
            State::Quoted | State::Escaped => Err(Fault::OpenQuote),
            _ if !self.begun => Ok(false),
            _ => {
                self.end_row();
                Ok(true)
            }
        }
    }

    fn ends_field(&self, byte: u8) -> bool {
        byte == self.format.column_separator || byte == self.format.row_delimiter
    }

    fn ends_run(&self, byte: u8) -> bool {
        Some(byte) == self.format.enclose || Some(byte) == self.format.escape
    }

    /// Takes one byte; tells whether it ends the row.
    fn step(&mut self, byte: u8) -> Result<bool, Fault> {
        match self.state {
            State::Escaped => {
                self.bytes.push(byte);
                self.state = State::Quoted;
            }
            State::Quoted if Some(byte) == self.format.enclose => self.state = State::Closed,
            State::Quoted if Some(byte) == self.format.escape => self.state = State::Escaped,
            State::Closed if Some(byte) == self.format.enclose => {
                self.bytes.push(byte);
                self.state = State::Quoted;
            }
            _ if byte == self.format.row_delimiter => {
                self.end_row();
                return Ok(true);
            }
            _ if byte == self.format.column_separator => self.end_field(),
            State::Closed | State::Behind => {
                let space = self.format.trim_space && byte.is_ascii_whitespace();
                let line_end = byte == b'\r' && self.format.row_delimiter == b'\n';
                if !(space || line_end) {
                    return Err(Fault::BehindQuote);
                }
                self.state = State::Behind;
            }
            State::Start if Some(byte) == self.format.enclose => {
                (self.state, self.quoted) = (State::Quoted, true);
            }
            // Space in front of a quote is trimmed with the rest.
            State::Start if self.format.trim_space && byte.is_ascii_whitespace() => {}
            State::Start | State::Plain | State::Quoted => {
                self.bytes.push(byte);
                self.state = State::Plain;
            }
        }
        Ok(false)
    }

    fn end_field(&mut self) {
        self.ends.push(self.bytes.len());
        (self.state, self.quoted) = (State::Start, false);
    }

    fn end_row(&mut self) {
        let unquoted_return = !self.quoted && self.bytes.ends_with(b"\r");
        if unquoted_return && self.format.row_delimiter == b'\n' && self.state == State::Plain {
            self.bytes.pop();
        }
        self.blank = self.ends.is_empty() && self.bytes.is_empty() && !self.quoted;
        self.end_field();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str, piece: usize) -> Result<Vec<String>, Fault> {
        let format = CsvFormat {
            column_separator: b',',
            enclose: Some(b'"'),
            escape: Some(b'\\'),
            ..CsvFormat::default()
        };
        let (mut splitter, mut rows) = (Splitter::new(format), Vec::new());
        let mut take = |splitter: &mut Splitter| {
            let fields: Vec<_> = splitter.fields().map(String::from_utf8_lossy).collect();
            rows.push(fields.join("|"));
            splitter.clear();
        };
        for chunk in text.as_bytes().chunks(piece) {
            let mut rest = chunk;
            while !rest.is_empty() {
                let (taken, ended) = splitter.push(rest)?;
                rest = &rest[taken..];
                if ended {
                    take(&mut splitter);
                }
            }
        }
        if splitter.finish()? {
            take(&mut splitter);
        }
        Ok(rows)
    }

    #[test]
    fn rows_are_split_wherever_the_pieces_end() {
        let text = "a,b\r\n\"q\"\"x\\\"\n,y\",\"c\"\r\n\n,\nlast";
        for piece in [1, 2, 3, 100] {
            assert_eq!(rows(text, piece).unwrap(), ["a|b", "q\"x\"\n,y|c", "", "|", "last"]);
        }
    }

    #[test]
    fn quotes_are_closed_at_the_end_of_a_field() {
        assert_eq!(rows("\"a\"tail\n", 10), Err(Fault::BehindQuote));
        assert_eq!(rows("\"a\n", 10), Err(Fault::OpenQuote));
        assert_eq!(rows("\"a\"", 10).unwrap(), ["a"]);
    }
}
