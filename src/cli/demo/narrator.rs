//! Who tells the story: prints statements and runs them.

use cairn::{Database, split_statements};

use super::super::args::Format;
use super::super::console::Console;
use super::super::failure::Failure;
use super::super::interrupt::Interrupts;
use super::super::sql::{Jobs, Runner, Script, Waiting};

pub(super) struct Narrator<'c> {
    console: &'c mut Console,
    interrupts: Interrupts,
    chapters: u32,
}

impl<'c> Narrator<'c> {
    pub(super) fn new(console: &'c mut Console, interrupts: Interrupts) -> Self {
        Self { console, interrupts, chapters: 0 }
    }

    pub(super) fn console(&mut self) -> &mut Console {
        self.console
    }

    pub(super) fn chapter(&mut self, title: &str) {
        if self.chapters > 0 {
            self.console.say("");
        }
        self.chapters += 1;
        let heading = format!("{}. {title}", self.chapters);
        self.console.say(&heading);
        self.console.say(&"=".repeat(heading.chars().count()));
    }

    pub(super) fn tell(&mut self, line: &str) {
        self.console.say(line);
    }

    /// A session that runs statements as `cairn sql` does.
    pub(super) fn session<'d>(&mut self, database: &'d Database) -> Runner<'d> {
        let jobs = Jobs::new(database, self.interrupts.clone(), Waiting::AtOnce, self.console);
        let mut runner = Runner::new(database.session(), jobs, Format::Table);
        runner.answer_everything();
        runner
    }

    /// Prints each statement and runs it.
    pub(super) fn sql(&mut self, session: &mut Runner<'_>, script: &str) -> Result<(), Failure> {
        for source in split_statements(script) {
            self.console.say("");
            self.console.say(&format!("cairn> {};", source.text().replace('\n', "\n     > ")));
            session.run(&Script::here(source.text()), self.console)?;
        }
        Ok(())
    }

    /// As [`Narrator::sql`]; the result is what the statements printed.
    pub(super) fn answers(&mut self, session: &mut Runner<'_>, script: &str) -> Result<Vec<u8>, Failure> {
        self.console.start_copy();
        let run = self.sql(session, script);
        let answers = self.console.take_copy();
        run.map(|()| answers)
    }
}
