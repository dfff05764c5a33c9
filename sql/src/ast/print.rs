//! Printing what several statements share.

use std::fmt;

use super::Properties;

/// A string literal that reads back as the same text.
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        f.write_char('"')?;
        for c in self.0.chars() {
            match c {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                '\0' => f.write_str("\\0")?,
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                '\t' => f.write_str("\\t")?,
                '\u{1a}' => f.write_str("\\Z")?,
                other => f.write_char(other)?,
            }
        }
        f.write_char('"')
    }
}

/// Items with `, ` between them.
pub(super) struct Commas<'a, T>(pub(super) &'a [T]);

impl<T: fmt::Display> fmt::Display for Commas<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, item) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            item.fmt(f)?;
        }
        Ok(())
    }
}

/// ` PROPERTIES ("k" = "v", …)`, or nothing when there are none: the grammar has no empty list.
pub(super) fn write_properties(f: &mut fmt::Formatter<'_>, properties: &Properties) -> fmt::Result {
    if properties.is_empty() {
        return Ok(());
    }
    f.write_str(" PROPERTIES ")?;
    write_property_list(f, properties)
}

/// `("k" = "v", …)`
pub(super) fn write_property_list(f: &mut fmt::Formatter<'_>, properties: &Properties) -> fmt::Result {
    f.write_str("(")?;
    for (i, (key, value)) in properties.iter().enumerate() {
        if i > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{} = {}", Quoted(key), Quoted(value))?;
    }
    f.write_str(")")
}

/// ` COMMENT "…"`, or nothing.
pub(super) fn write_comment(f: &mut fmt::Formatter<'_>, comment: Option<&str>) -> fmt::Result {
    comment.map_or(Ok(()), |text| write!(f, " COMMENT {}", Quoted(text)))
}
