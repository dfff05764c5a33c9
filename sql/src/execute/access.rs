//! Changing and showing users, roles and privileges.

use cairn_engine::AccessChange;

use super::Executor;
use crate::analyze::AccessRequest;
use crate::error::Result;
use crate::outcome::Outcome;
use crate::show;

impl Executor<'_> {
    /// Runs a statement about users. `SET ROLE` and `EXECUTE AS` are the session's to keep.
    pub(super) fn access(&self, request: AccessRequest) -> Result<Outcome> {
        let change = match request {
            AccessRequest::Change(change) => change,
            AccessRequest::CreateUser(user, secret, roles) => {
                AccessChange::CreateUser(user, self.store.credential(&secret)?, roles)
            }
            AccessRequest::SetPassword(user, secret) => {
                AccessChange::SetCredential(user, self.store.credential(&secret)?)
            }
            AccessRequest::ShowGrants(whose) => return show::grants(self.view, &whose).map(Outcome::Rows),
            AccessRequest::SetRoles(_) | AccessRequest::ExecuteAs(_) | AccessRequest::Nothing => {
                return Ok(Outcome::Done);
            }
        };
        self.store.change_access(&change)?;
        Ok(Outcome::Done)
    }
}
