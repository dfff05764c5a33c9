//! The tables of `information_schema` as DataFusion scans them.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use cairn_engine::{CatalogView, TabletStore};
use datafusion::catalog::{SchemaProvider, Session, TableProvider};
use datafusion::common::ScalarValue;
use datafusion::datasource::{MemTable, TableType};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{BinaryExpr, Operator, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::Expr;

use super::catalog::spelled;
use super::spelling::Spelling;
use crate::system::{SystemTable, Wanted};

/// What the tables are made from.
#[derive(Clone)]
pub(super) struct SystemSource {
    pub(super) view: Arc<CatalogView>,
    pub(super) store: Arc<TabletStore>,
    pub(super) spelling: Spelling,
}

impl fmt::Debug for SystemSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SystemSource").finish_non_exhaustive()
    }
}

/// The schema, whose tables are found by their names in any letter case.
#[derive(Debug)]
pub(super) struct SystemSchema(pub(super) SystemSource);

#[async_trait]
impl SchemaProvider for SystemSchema {
    fn table_names(&self) -> Vec<String> {
        SystemTable::ALL.map(|table| table.name().to_owned()).to_vec()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        Ok(SystemTable::find(name).map(|table| {
            let provider = SystemProvider { table, schema: table.schema(), source: self.0.clone() };
            spelled(Arc::new(provider), &self.0.spelling)
        }))
    }

    fn table_exist(&self, name: &str) -> bool {
        SystemTable::find(name).is_some()
    }
}

#[derive(Debug)]
struct SystemProvider {
    table: SystemTable,
    schema: SchemaRef,
    source: SystemSource,
}

#[async_trait]
impl TableProvider for SystemProvider {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    /// Filters choose repositories and labels; rows are filtered above the scan.
    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let columns = match projection {
            Some(columns) => columns.iter().copied().collect(),
            None => (0..self.schema.fields().len()).collect(),
        };
        let wanted = Wanted {
            columns,
            repositories: texts_of("REPOSITORY", filters),
            labels: texts_of("SNAPSHOT", filters),
        };
        let (table, source) = (self.table, self.source.clone());
        // Reading a repository blocks, and this may be a thread that drives tasks.
        let read = tokio::task::spawn_blocking(move || table.read(&source.view, &source.store, &wanted));
        let batch = read
            .await
            .map_err(|error| DataFusionError::ExecutionJoin(Box::new(error)))?
            .map_err(|error| DataFusionError::External(Box::new(error)))?;
        let rows = MemTable::try_new(Arc::clone(&self.schema), vec![vec![batch]])?;
        rows.scan(state, projection, &[], limit).await
    }
}

/// The only texts that `column` may have for all of `filters` to hold, where they say.
fn texts_of(column: &str, filters: &[Expr]) -> Option<Vec<String>> {
    filters.iter().find_map(|filter| match filter {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => {
            match (left.as_ref(), right.as_ref()) {
                (Expr::Column(name), literal) | (literal, Expr::Column(name)) if name.name == column => {
                    Some(vec![text(literal)?])
                }
                _ => None,
            }
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
            texts_of(column, &[left.as_ref().clone(), right.as_ref().clone()])
        }
        // What a short list of texts becomes.
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
            let mut texts = texts_of(column, &[left.as_ref().clone()])?;
            texts.extend(texts_of(column, &[right.as_ref().clone()])?);
            Some(texts)
        }
        Expr::InList(list) if !list.negated => match list.expr.as_ref() {
            Expr::Column(name) if name.name == column => list.list.iter().map(text).collect(),
            _ => None,
        },
        _ => None,
    })
}

fn text(literal: &Expr) -> Option<String> {
    match literal {
        Expr::Literal(ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)), _) => {
            Some(text.clone())
        }
        _ => None,
    }
}
