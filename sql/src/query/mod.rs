//! Queries, which DataFusion plans and runs over one catalog view.
//!
//! A query is rewritten first ([`rewrite`]): its tables are looked up, `FILES(…)` becomes a table, names of columns
//! get the spelling of their tables. Then DataFusion plans it; what it refuses is an analysis error. Only queries
//! come here: nothing that DataFusion plans can change a table or write a file.

mod adapter;
mod catalog;
mod clauses;
mod error;
mod expressions;
mod files;
mod functions;
mod generated;
mod output;
mod predicate;
mod rewrite;
mod rows;
mod show;
mod spelling;
mod stack;
mod statistics;
mod sum;
mod system;
mod tablets;
mod type_text;
mod types;
mod views;

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use cairn_engine::{CatalogView, TabletStore};
use cairn_format::DatabaseName;
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::{AggregateUDF, LogicalPlan, LogicalPlanBuilder};
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::SessionConfig;
use datafusion::sql::parser::Statement as DataFusionStatement;
use sqlparser::ast::{Query, Statement};
use tokio::runtime::Handle;

use crate::analyze::{CATALOG, Scope, TablePath};
use crate::ast::ExplainLevel;
use crate::error::Result;
use crate::identity::Identity;

use catalog::Catalogs;
use error::{Sources, analysis_error};
pub(crate) use expressions::expression_type;
pub use expressions::expressions;
pub(crate) use generated::GeneratedColumns;
use output::OutputNames;
use rewrite::rewrite;
pub(crate) use rewrite::{reads, view_query};
pub(crate) use rows::QueryRows;
use stack::on_large_stack;
use sum::WideSum;
pub(crate) use tablets::{POSITION_COLUMN, SEGMENT_COLUMN};
pub(crate) use type_text::type_text;
use types::StarRocksTypes;
pub(crate) use views::{all_of, parse_query, selected_rows};

/// What the queries of a session may hold in memory. What sorts and groups need beyond their share goes to temporary
/// files; a hash join that does not fit fails.
const MEMORY_BYTES: usize = 1 << 30;

/// What queries are planned and run with.
#[derive(Clone)]
pub(crate) struct QueryEngine {
    /// Functions, rules and options, which every query shares.
    base: Arc<SessionState>,
    /// What `information_schema` tells of.
    store: Arc<TabletStore>,
    handle: Handle,
    /// As far as whom `information_schema` shows.
    identity: Identity,
}

impl QueryEngine {
    pub(crate) fn new(store: Arc<TabletStore>, handle: Handle, identity: Identity) -> Self {
        Self { base: Arc::new(base_state()), store, handle, identity }
    }

    /// Shows what somebody else may see from now on.
    pub(crate) fn set_identity(&mut self, identity: Identity) {
        self.identity = identity;
    }

    /// Analyses and plans a query. Its own tables are those of `view`.
    pub(crate) fn plan(
        &self,
        view: &Arc<CatalogView>,
        current: Option<&DatabaseName>,
        query: &Query,
    ) -> Result<PlannedQuery> {
        on_large_stack(|| self.plan_here(view, current, query, None))
    }

    /// As [`QueryEngine::plan`], of a query that may also name the segment and the position of each row of `table`.
    pub(crate) fn plan_positions(
        &self,
        view: &Arc<CatalogView>,
        current: Option<&DatabaseName>,
        query: &Query,
        table: &TablePath,
    ) -> Result<PlannedQuery> {
        on_large_stack(|| self.plan_here(view, current, query, Some(table)))
    }

    fn plan_here(
        &self,
        view: &Arc<CatalogView>,
        current: Option<&DatabaseName>,
        query: &Query,
        with_positions: Option<&TablePath>,
    ) -> Result<PlannedQuery> {
        let rewritten = rewrite(query, &Scope { view, current })?;
        let sources =
            Arc::new(Sources::new(rewritten.files.iter().flat_map(|f| f.parquet_paths().iter().cloned())));
        let visible = if rewritten.reads_system {
            view.visible_to(&self.identity.authority(view)?)
        } else {
            Arc::clone(view)
        };
        let catalogs = Catalogs::new(view, &visible, &self.store, &rewritten, &sources, with_positions);
        let mut config = self.base.config().clone();
        let defaults = &mut config.options_mut().catalog;
        CATALOG.clone_into(&mut defaults.default_catalog);
        defaults.default_schema = current.map_or_else(String::new, ToString::to_string);
        let mut state = SessionStateBuilder::new_from_existing(self.base.as_ref().clone())
            .with_config(config)
            .with_catalog_list(Arc::new(catalogs))
            .build();
        state.mark_start_execution();
        let statement = DataFusionStatement::Statement(Box::new(Statement::Query(Box::new(rewritten.query))));
        let raw = self.handle.block_on(state.statement_to_plan(statement)).map_err(analysis_error)?;
        let only_queries =
            SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
        only_queries.verify_plan(&raw).map_err(analysis_error)?;
        let plan = state.optimize(&raw).map_err(analysis_error)?;
        let schema = rewritten.names.apply(raw.schema().as_arrow());
        let view = Arc::clone(view);
        Ok(PlannedQuery {
            engine: self.clone(),
            state,
            raw,
            plan,
            schema,
            names: rewritten.names,
            sources,
            view,
        })
    }
}

/// Functions, rules and options, without any tables.
fn base_state() -> SessionState {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut config = SessionConfig::new()
        .with_target_partitions(cores)
        .with_create_default_catalog_and_schema(false)
        .with_information_schema(false);
    let options = config.options_mut();
    options.sql_parser.enable_ident_normalization = false;
    options.sql_parser.parse_float_as_decimal = true;
    options.sql_parser.map_string_types_to_utf8view = false;
    options.execution.parquet.schema_force_view_types = false;
    // It leaves rows out by the bounds of `min(column)` though `min(expression)` beside it needs them.
    options.optimizer.enable_aggregate_dynamic_filter_pushdown = false;
    let memory_pool = Arc::new(FairSpillPool::new(MEMORY_BYTES));
    let mut state = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(Arc::new(RuntimeEnv { memory_pool, ..RuntimeEnv::default() }))
        .with_default_features()
        .with_type_planner(Arc::new(StarRocksTypes));
    let mut functions = state.aggregate_functions().clone().unwrap_or_default();
    functions.push(Arc::new(AggregateUDF::from(WideSum::new())));
    functions::add(state.with_aggregate_functions(functions)).build()
}

/// A query that is ready to run.
pub(crate) struct PlannedQuery {
    engine: QueryEngine,
    state: SessionState,
    raw: LogicalPlan,
    plan: LogicalPlan,
    schema: SchemaRef,
    names: OutputNames,
    sources: Arc<Sources>,
    view: Arc<CatalogView>,
}

impl PlannedQuery {
    /// The columns of its rows.
    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The query that tells how this one would run, or, for `ANALYZE`, how it ran.
    pub(crate) fn explain(self, level: ExplainLevel) -> Result<Self> {
        on_large_stack(|| self.explain_here(level))
    }

    fn explain_here(mut self, level: ExplainLevel) -> Result<Self> {
        let options = self.state.config_mut().options_mut();
        match level {
            ExplainLevel::Logical => options.explain.logical_plan_only = true,
            ExplainLevel::Costs => options.explain.show_statistics = true,
            ExplainLevel::Normal | ExplainLevel::Verbose | ExplainLevel::Analyze => {}
        }
        let builder = LogicalPlanBuilder::from(self.raw);
        let explained = builder
            .explain(level == ExplainLevel::Verbose, level == ExplainLevel::Analyze)
            .and_then(LogicalPlanBuilder::build);
        self.raw = explained.map_err(analysis_error)?;
        self.plan = self.state.optimize(&self.raw).map_err(analysis_error)?;
        self.schema = Arc::new(self.raw.schema().as_arrow().clone());
        self.names = OutputNames::default();
        Ok(self)
    }

    /// Begins to run it.
    pub(crate) fn run(self) -> Result<QueryRows> {
        on_large_stack(|| self.run_here())
    }

    fn run_here(self) -> Result<QueryRows> {
        let physical = self.physical()?;
        // A count may need no file at all.
        if reads_files(&physical) {
            self.sources.check_segments()?;
        }
        let _entered = self.engine.handle.enter();
        let stream = execute_stream(physical, self.state.task_ctx())
            .map_err(|error| error::run_error(error, &self.sources))?;
        Ok(QueryRows::new(stream, &self.names, self.sources, self.view, self.engine.handle.clone()))
    }

    fn physical(&self) -> Result<Arc<dyn ExecutionPlan>> {
        let planner = self.state.query_planner();
        let physical = planner.create_physical_plan(&self.plan, &self.state);
        self.engine.handle.block_on(physical).map_err(|error| error::run_error(error, &self.sources))
    }
}

fn reads_files(plan: &Arc<dyn ExecutionPlan>) -> bool {
    plan.is::<DataSourceExec>() || plan.children().into_iter().any(reads_files)
}
