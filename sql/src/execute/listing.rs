//! SHOW statements whose rows conditions choose among.

use std::sync::Arc;

use cairn_engine::Table;

use super::Executor;
use crate::analyze::{Show, Shown, TablePath};
use crate::error::Result;
use crate::outcome::Rows;
use crate::show::{self, Listing};

impl Executor<'_> {
    pub(super) fn show(&self, show: &Show<'_>) -> Result<Rows> {
        self.choose(self.listing(&show.what)?, show)?.into_rows()
    }

    /// Analyses the conditions. What is read from elsewhere is not.
    pub(super) fn check_show(&self, show: &Show<'_>) -> Result<()> {
        let listing = match &show.what {
            _ if show.predicates.is_empty() => return Ok(()),
            Shown::Repositories => show::no_repositories(),
            local => self.listing(local)?,
        };
        self.choose(listing, show).map(drop)
    }

    fn choose(&self, listing: Listing, show: &Show<'_>) -> Result<Listing> {
        self.queries.choose(listing, show.predicates).map_err(|error| error.about(&show.words))
    }

    pub(super) fn table(&self, path: &TablePath) -> Result<&Arc<Table>> {
        Ok(self.view.require_database(&path.database)?.require_table(&path.table)?)
    }

    fn listing(&self, what: &Shown) -> Result<Listing> {
        // Of what it names, the user has been asked for a privilege; of the rest it is shown what it may see.
        let (view, visible) = (self.view, self.visible()?);
        Ok(match what {
            Shown::Catalogs => show::catalogs(&visible),
            Shown::Databases => show::databases(&visible),
            Shown::Tables { full, database } => show::tables(visible.require_database(database)?, *full),
            Shown::SystemTables { full } => show::system_tables(*full),
            Shown::TableStatus(database) => show::table_status(visible.require_database(database)?),
            Shown::Columns { full, table } => show::columns(self.table(table)?, *full),
            Shown::ViewColumns { full, view } => show::view_columns(self.stored_view(view)?, *full),
            Shown::SystemColumns { full, table } => show::system_columns(*table, *full),
            Shown::Indexes(table) => {
                show::indexes(view.require_database(&table.database)?, self.table(table)?)?
            }
            Shown::Partitions(table, kind) => show::partitions(self.table(table)?, *kind)?,
            Shown::Tablets(table, only) => show::tablets(self.table(table)?, only.as_deref()),
            Shown::DataOfDatabase(database) => show::data_of_database(visible.require_database(database)?),
            Shown::DataOfTable(table) => show::data_of_table(self.table(table)?),
            Shown::Alterations(database, kind) => {
                show::alterations(visible.require_database(database)?, *kind)
            }
            Shown::MaterializedViews(database) => {
                show::materialized_views(visible.require_database(database)?)?
            }
            Shown::Roles => show::roles(view),
            Shown::Users => show::users(view),
            Shown::Repositories => show::repositories(view, self.store),
            Shown::Jobs(kind, database) => show::jobs(view, &visible, self.store, *kind, database.as_ref()),
        })
    }
}
