//! What DataFusion sees of the catalog: databases as schemas, and the files of `FILES(…)` as tables.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use cairn_engine::{CatalogView, Database, TabletStore};
use cairn_format::{DatabaseName, TableName};
use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, SchemaProvider, TableProvider,
    default_table_source::provider_as_source,
};
use datafusion::datasource::ViewTable;
use datafusion::error::Result;
use datafusion::logical_expr::LogicalPlanBuilder;
use datafusion::prelude::{Expr, ident};

use super::error::Sources;
use super::rewrite::{FILES_CATALOG, FILES_SCHEMA, Rewritten, files_table};
use super::spelling::Spelling;
use super::system::{SystemSchema, SystemSource};
use super::tablets::TabletTable;
use crate::analyze::{CATALOG, TablePath, readable};
use crate::system::{INFORMATION_SCHEMA, is_information_schema};

/// The catalogs of one query.
#[derive(Debug)]
pub(super) struct Catalogs {
    databases: Arc<Databases>,
    files: Arc<FilesCatalog>,
}

impl Catalogs {
    /// Queries read the tables of `view`; `information_schema` tells of those that are `visible`.
    pub(super) fn new(
        view: &Arc<CatalogView>,
        visible: &Arc<CatalogView>,
        store: &Arc<TabletStore>,
        rewritten: &Rewritten,
        sources: &Arc<Sources>,
        with_positions: Option<&TablePath>,
    ) -> Self {
        let spelling = &rewritten.spelling;
        let tables = rewritten.files.iter().enumerate();
        let tables = tables.map(|(i, files)| (files_table(i), spelled(files.provider(), spelling)));
        let system =
            SystemSource { view: Arc::clone(visible), store: Arc::clone(store), spelling: spelling.clone() };
        let databases = Databases {
            view: Arc::clone(view),
            spelling: spelling.clone(),
            sources: Arc::clone(sources),
            with_positions: with_positions.cloned(),
            system,
        };
        Self {
            databases: Arc::new(databases),
            files: Arc::new(FilesCatalog(Arc::new(Files(tables.collect())))),
        }
    }
}

impl CatalogProviderList for Catalogs {
    fn register_catalog(&self, _: String, _: Arc<dyn CatalogProvider>) -> Option<Arc<dyn CatalogProvider>> {
        None
    }

    fn catalog_names(&self) -> Vec<String> {
        vec![CATALOG.to_owned(), FILES_CATALOG.to_owned()]
    }

    fn catalog(&self, name: &str) -> Option<Arc<dyn CatalogProvider>> {
        match name {
            CATALOG => Some(Arc::clone(&self.databases) as _),
            FILES_CATALOG => Some(Arc::clone(&self.files) as _),
            _ => None,
        }
    }
}

#[derive(Debug)]
struct Databases {
    view: Arc<CatalogView>,
    spelling: Spelling,
    sources: Arc<Sources>,
    /// The table whose rows have positions.
    with_positions: Option<TablePath>,
    system: SystemSource,
}

impl CatalogProvider for Databases {
    fn schema_names(&self) -> Vec<String> {
        let names = self.view.databases().map(|database| database.name.to_string());
        names.chain([INFORMATION_SCHEMA.to_owned()]).collect()
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        if is_information_schema(name) {
            return Some(Arc::new(SystemSchema(self.system.clone())));
        }
        let database = Arc::clone(self.view.database(&DatabaseName::parse(name).ok()?)?);
        let (spelling, sources) = (self.spelling.clone(), Arc::clone(&self.sources));
        let with_positions = self.with_positions.as_ref().filter(|path| path.database == database.name);
        let with_positions = with_positions.map(|path| path.table.clone());
        Some(Arc::new(Tables { database, spelling, sources, with_positions }))
    }
}

#[derive(Debug)]
struct Tables {
    database: Arc<Database>,
    spelling: Spelling,
    sources: Arc<Sources>,
    with_positions: Option<TableName>,
}

#[async_trait]
impl SchemaProvider for Tables {
    fn table_names(&self) -> Vec<String> {
        self.database.tables().map(|table| table.name().to_string()).collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        let Ok(name) = TableName::parse(name) else { return Ok(None) };
        let table = readable(&self.database, &name).map(|table| {
            let mut provider = TabletTable::new(table, Arc::clone(&self.sources));
            if self.with_positions.as_ref() == Some(&name) {
                provider = provider.with_positions();
            }
            spelled(Arc::new(provider), &self.spelling)
        });
        Ok(table)
    }

    fn table_exist(&self, name: &str) -> bool {
        TableName::parse(name).is_ok_and(|name| readable(&self.database, &name).is_some())
    }
}

#[derive(Debug)]
struct FilesCatalog(Arc<Files>);

impl CatalogProvider for FilesCatalog {
    fn schema_names(&self) -> Vec<String> {
        vec![FILES_SCHEMA.to_owned()]
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        (name == FILES_SCHEMA).then(|| Arc::clone(&self.0) as _)
    }
}

#[derive(Debug)]
struct Files(HashMap<String, Arc<dyn TableProvider>>);

#[async_trait]
impl SchemaProvider for Files {
    fn table_names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        Ok(self.0.get(name).cloned())
    }

    fn table_exist(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

/// The table, with columns that another table of the query spells in another way renamed to that spelling.
pub(super) fn spelled(table: Arc<dyn TableProvider>, spelling: &Spelling) -> Arc<dyn TableProvider> {
    let schema = table.schema();
    if schema.fields().iter().all(|field| spelling.of(field.name()) == field.name()) {
        return table;
    }
    let columns: Vec<Expr> =
        schema.fields().iter().map(|field| ident(field.name()).alias(spelling.of(field.name()))).collect();
    let view = LogicalPlanBuilder::scan("spelled", provider_as_source(Arc::clone(&table)), None)
        .and_then(|scan| scan.project(columns))
        .and_then(LogicalPlanBuilder::build);
    // Without the view, queries that use the other spelling name a column that they do not find.
    view.map_or(table, |plan| Arc::new(ViewTable::new(plan, None)))
}
