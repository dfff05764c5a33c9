//! A view: a query by a name.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;

use super::ddl::{quoted_name, string_literal};
use crate::error::{Error, Result};
use crate::name::{DatabaseName, TableName};

/// A view.
///
/// Invariants, kept by [`ViewDefinition::check`]: it has columns, and no two of one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewDefinition {
    /// Its name.
    pub name: TableName,
    /// Its columns, as they were when it was made.
    pub columns: Vec<ViewColumn>,
    /// What it is for.
    pub comment: Option<String>,
    /// Its rows.
    pub query: ViewQuery,
}

/// A column of a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewColumn {
    /// Its name, which may be the text of an expression.
    pub name: String,
    /// The name of the query's column that it is.
    pub source: String,
    /// The type that the query's column had when the view was made, as SQL writes it.
    pub type_text: String,
    /// What it is for.
    pub comment: Option<String>,
}

/// The query of a view: its text, in which the tables and views that it reads stand apart, so that they can be found and
/// renamed without reading SQL.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ViewQuery(pub Vec<QueryPiece>);

/// A piece of a view's query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueryPiece {
    /// Text as it was written.
    Text(String),
    /// A table or view that is read.
    Relation {
        /// Its database; `None` for the view's own.
        database: Option<DatabaseName>,
        /// Its name.
        name: TableName,
    },
}

impl ViewDefinition {
    /// Checks the invariants.
    ///
    /// # Errors
    /// `InvalidInput` naming what breaks one.
    pub fn check(&self) -> Result<()> {
        let mut names = HashSet::new();
        for column in &self.columns {
            if !names.insert(column.name.to_lowercase()) {
                return Err(Error::invalid(format!(
                    "Duplicate column name '{}' in view '{}'",
                    column.name, self.name
                )));
            }
        }
        if self.columns.is_empty() {
            return Err(Error::invalid(format!("view '{}' has no columns", self.name)));
        }
        Ok(())
    }

    /// The same view where tables and views of its own database have other names.
    #[must_use]
    pub fn with_renamed(&self, name: &TableName, renamed: &BTreeMap<TableName, TableName>) -> Self {
        Self { name: name.clone(), query: self.query.with_renamed(renamed), ..self.clone() }
    }
}

impl ViewQuery {
    /// The same query where tables and views of the view's own database have other names.
    #[must_use]
    pub fn with_renamed(&self, renamed: &BTreeMap<TableName, TableName>) -> Self {
        let piece = |piece: &QueryPiece| match piece {
            QueryPiece::Relation { database: None, name } => {
                QueryPiece::Relation { database: None, name: renamed.get(name).unwrap_or(name).clone() }
            }
            other => other.clone(),
        };
        Self(self.0.iter().map(piece).collect())
    }

    /// The tables and views that it reads; without a database where that is the view's own.
    pub fn relations(&self) -> impl Iterator<Item = (Option<&DatabaseName>, &TableName)> {
        self.0.iter().filter_map(|piece| match piece {
            QueryPiece::Text(_) => None,
            QueryPiece::Relation { database, name } => Some((database.as_ref(), name)),
        })
    }

    /// Whether it reads a table or view of its own database that has one of these names.
    pub fn reads_any(&self, names: &HashSet<TableName>) -> bool {
        self.relations().any(|(database, name)| database.is_none() && names.contains(name))
    }

    /// The query as SQL, of a view in `database`.
    pub fn to_sql(&self, database: &DatabaseName) -> String {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                QueryPiece::Text(piece) => text.push_str(piece),
                QueryPiece::Relation { database: named, name } => {
                    let database = named.as_ref().unwrap_or(database);
                    // Writing into a String cannot fail.
                    let _ = write!(text, "{}.{}", quoted_name(database.as_str()), quoted_name(name.as_str()));
                }
            }
        }
        text
    }
}

/// The statement that makes a view in `database`, as StarRocks prints it.
pub fn create_view_statement(view: &ViewDefinition, database: &DatabaseName) -> String {
    let column = |column: &ViewColumn| {
        let comment = column.comment.as_deref();
        let comment = comment.map(|text| format!(" COMMENT {}", string_literal(text)));
        format!("{}{}", quoted_name(&column.name), comment.unwrap_or_default())
    };
    let columns: Vec<String> = view.columns.iter().map(column).collect();
    let comment = view.comment.as_deref().map(|text| format!("\nCOMMENT {}", string_literal(text)));
    format!(
        "CREATE VIEW {} ({}){}\nAS {};",
        quoted_name(view.name.as_str()),
        columns.join(", "),
        comment.unwrap_or_default(),
        view.query.to_sql(database)
    )
}

/// Views of any kind in an order in which they can be made: those that others read come first, and of others the order
/// stays. Those that read each other in a circle come last. `reads_any` says whether one reads any of those names.
pub fn in_order_of_need<T>(
    views: Vec<T>,
    name: impl Fn(&T) -> &TableName,
    reads_any: impl Fn(&T, &HashSet<TableName>) -> bool,
) -> Vec<T> {
    let mut left = views;
    let mut ordered = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let names: HashSet<TableName> = left.iter().map(|view| name(view).clone()).collect();
        let (waiting, ready): (Vec<_>, Vec<_>) = left.into_iter().partition(|view| reads_any(view, &names));
        if ready.is_empty() {
            ordered.extend(waiting);
            break;
        }
        ordered.extend(ready);
        left = waiting;
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(views: Vec<ViewDefinition>) -> Vec<ViewDefinition> {
        in_order_of_need(views, |view| &view.name, |view, names| view.query.reads_any(names))
    }

    fn name(text: &str) -> TableName {
        TableName::parse(text).unwrap()
    }

    fn view(of: &str, reads: &[&str]) -> ViewDefinition {
        let mut pieces = vec![QueryPiece::Text("SELECT a FROM ".into())];
        for (n, relation) in reads.iter().enumerate() {
            if n > 0 {
                pieces.push(QueryPiece::Text(" JOIN ".into()));
            }
            pieces.push(QueryPiece::Relation { database: None, name: name(relation) });
        }
        let column = ViewColumn {
            name: "a".into(),
            source: "a".into(),
            type_text: "INT".into(),
            comment: Some("it's".into()),
        };
        let (columns, comment) = (vec![column], Some("x".into()));
        ViewDefinition { name: name(of), columns, comment, query: ViewQuery(pieces) }
    }

    #[test]
    fn a_view_is_printed_with_whole_names() {
        let mut of = view("v", &["t", "u"]);
        of.query.0[1] =
            QueryPiece::Relation { database: Some(DatabaseName::parse("e").unwrap()), name: name("t`") };
        assert_eq!(
            create_view_statement(&of, &DatabaseName::parse("d").unwrap()),
            "CREATE VIEW `v` (`a` COMMENT \"it's\")\nCOMMENT \"x\"\nAS SELECT a FROM `e`.`t``` JOIN `d`.`u`;"
        );
    }

    #[test]
    fn views_follow_renames_of_their_own_database() {
        let renamed = BTreeMap::from([(name("t"), name("t2")), (name("x"), name("y"))]);
        let of = view("v", &["t", "u"]).with_renamed(&name("w"), &renamed);
        assert_eq!(of, view("w", &["t2", "u"]));
    }

    #[test]
    fn what_is_read_comes_first() {
        let views = vec![view("a", &["b"]), view("b", &["c", "t"]), view("c", &["t"]), view("x", &["t"])];
        let names: Vec<String> = ordered(views).iter().map(|view| view.name.to_string()).collect();
        assert_eq!(names, ["c", "x", "b", "a"]);
        let circle = vec![view("a", &["b"]), view("b", &["a"]), view("t", &["u"])];
        assert_eq!(ordered(circle).len(), 3);
    }

    #[test]
    fn columns_have_names_of_their_own() {
        let mut of = view("v", &["t"]);
        let mut twin = of.columns[0].clone();
        twin.name = "A".into();
        of.columns.push(twin);
        assert!(of.check().is_err());
        of.columns.clear();
        assert!(of.check().is_err());
    }
}
