//! Who works with the store: connecting, and changing users, roles and privileges, one commit each.

use crate::access::{Access, AccessChange, Credential, Secret, UserName};
use crate::error::{Error, ErrorKind, Result};
use crate::store::TabletStore;

impl TabletStore {
    /// The user who says that it is `name` and comes from `host`, if `password` proves it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Denied`] when there is no such user or the password is another.
    pub fn authenticate(&self, name: &str, host: &str, password: &str) -> Result<UserName> {
        let view = self.view();
        match view.access().matching_user(name, host) {
            Some((user, account)) if account.credential.is(password) => Ok(user.clone()),
            _ => Err(Error::new(
                ErrorKind::Denied,
                format!(
                    "Access denied for user '{}'@'{host}' (using password: {})",
                    name.escape_debug(),
                    if password.is_empty() { "NO" } else { "YES" }
                ),
            )),
        }
    }

    /// Makes what is kept of a password. It takes some time, on purpose.
    pub fn credential(&self, secret: &Secret) -> Result<Credential> {
        Credential::of(secret, &self.inner.environment)
    }

    /// Makes a change of users, roles and privileges.
    pub fn change_access(&self, change: &AccessChange) -> Result<()> {
        self.inner.catalog.commit(|commit| {
            let changed: Access = commit.view().access().with(change)?;
            commit.put_access(&changed)
        })
    }
}
