//! The prompt: statements over as many lines as they need, up to their `;`.

use cairn::split_statements;
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{Config, Editor};

use super::super::console::Console;
use super::super::environment;
use super::super::failure::{Blame, Failure};
use super::runner::Runner;
use super::script::Script;

const FIRST: &str = "cairn> ";
const NEXT: &str = "    -> ";
/// Statements that the history keeps.
const KEPT: usize = 10_000;

type Line = Editor<(), FileHistory>;

/// Reads and runs statements until the user leaves. A failed statement is told and the next one read.
pub(super) fn run(runner: &mut Runner<'_>, console: &mut Console) -> Result<(), Failure> {
    let failed = |error| Failure::ours(format_args!("cannot use the terminal: {error}"));
    let config = Config::builder().max_history_size(KEPT).map_err(failed)?.auto_add_history(false).build();
    let mut line: Line = Editor::with_config(config).map_err(failed)?;
    let history = environment::history_file();
    if let Some(path) = &history {
        // Without a history the prompt works just as well.
        let _ = path.parent().map(std::fs::create_dir_all);
        let _ = line.load_history(path);
    }
    runner.answer_everything();
    console.say(&format!(
        "cairn {}; end statements with ;, leave with exit or Ctrl-D",
        env!("CARGO_PKG_VERSION")
    ));
    let outcome = converse(&mut line, runner, console);
    if let Some(path) = &history {
        let _ = line.save_history(path);
    }
    outcome
}

fn converse(line: &mut Line, runner: &mut Runner<'_>, console: &mut Console) -> Result<(), Failure> {
    let mut text = String::new();
    loop {
        match line.readline(if text.is_empty() { FIRST } else { NEXT }) {
            Ok(read) => {
                if text.is_empty() && is_farewell(&read) {
                    return Ok(());
                }
                text.push_str(&read);
                text.push('\n');
            }
            Err(ReadlineError::Interrupted) => {
                text.clear();
                continue;
            }
            Err(ReadlineError::Eof) => return Ok(()),
            Err(error) => return Err(Failure::ours(format_args!("cannot read from the terminal: {error}"))),
        }
        if !is_complete(&text) {
            continue;
        }
        let script = Script::here(std::mem::take(&mut text));
        if script.text().trim().is_empty() {
            continue;
        }
        let _ = line.add_history_entry(remembered(script.text()));
        match runner.run(&script, console) {
            Err(failure) if failure.blame() == Blame::Nobody => return Err(failure),
            Err(failure) => drop(console.report(failure)),
            Ok(()) => {}
        }
    }
}

/// The text as the history keeps it, which is a file: without the secrets of its statements.
fn remembered(text: &str) -> String {
    let mut remembered = text.trim_end().to_owned();
    for source in split_statements(text) {
        let redacted = source.redacted();
        if redacted != source.text() {
            remembered = remembered.replace(source.text(), &redacted);
        }
    }
    remembered
}

fn is_farewell(line: &str) -> bool {
    let word = line.trim().trim_end_matches(';').trim_end();
    word.eq_ignore_ascii_case("exit") || word.eq_ignore_ascii_case("quit")
}

/// Whether the text ends outside of every statement, string and comment: then what is put behind it is a statement
/// of its own.
fn is_complete(text: &str) -> bool {
    let now = split_statements(text).len();
    split_statements(&format!("{text}\nx")).len() == now + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_complete_at_its_semicolon() {
        for complete in
            ["", "\n", "select 1;", "select 1; -- done\n", "select ';';", "select 1; select 2 ;\n"]
        {
            assert!(is_complete(complete), "{complete:?}");
        }
        for open in ["select 1", "select ';", "select 1; select", "/* ;", "select 1 -- ;\n", "select `;"] {
            assert!(!is_complete(open), "{open:?}");
        }
    }

    #[test]
    fn secrets_are_not_remembered() {
        let typed = "ALTER REPOSITORY r -- rotated\n SET ('aws.s3.secret_key' = 'x', 'workers' = '2');\n";
        let kept = "ALTER REPOSITORY r -- rotated\n SET ('aws.s3.secret_key' = '***', 'workers' = '2');";
        assert_eq!(remembered(typed), kept);
        assert_eq!(remembered("select 1; -- x\n"), "select 1; -- x");
    }

    #[test]
    fn leaving_takes_one_word() {
        for word in ["exit", " QUIT ; ", "quit;"] {
            assert!(is_farewell(word), "{word:?}");
        }
        assert!(!is_farewell("exit now"));
    }
}
