//! As whom statements are run.

use cairn::{Database, Session};

use super::super::args::SqlArgs;
use super::super::environment;
use super::super::failure::Failure;

/// A user's name and password.
pub(super) struct Account<'a> {
    user: &'a str,
    password: String,
}

impl<'a> Account<'a> {
    /// What the arguments say, or the environment where they say nothing of a password.
    pub(super) fn of(arguments: &'a SqlArgs) -> Result<Self, Failure> {
        let password = match &arguments.password_file {
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|error| {
                    Failure::users(format_args!("cannot read the password in {}: {error}", path.display()))
                })?;
                text.lines().next().unwrap_or("").to_owned()
            }
            None => environment::password().unwrap_or_default(),
        };
        Ok(Self { user: &arguments.user, password })
    }

    /// A session as this user.
    pub(super) fn session(&self, database: &Database) -> Result<Session, Failure> {
        Ok(database.connect(self.user, &self.password)?)
    }
}
