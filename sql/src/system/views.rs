//! `views`: the views of the catalog, as `MySQL` has them.

use cairn_engine::CatalogView;

use super::catalog::{CATALOG, CHARACTER_SET, each_view, said};
use super::table::{Column, Row, text};
use crate::show::COLLATION;

pub(super) const COLUMNS: [Column; 10] = [
    text("TABLE_CATALOG"),
    text("TABLE_SCHEMA"),
    text("TABLE_NAME"),
    text("VIEW_DEFINITION"),
    text("CHECK_OPTION"),
    text("IS_UPDATABLE"),
    text("DEFINER"),
    text("SECURITY_TYPE"),
    text("CHARACTER_SET_CLIENT"),
    text("COLLATION_CONNECTION"),
];

pub(super) fn rows(view: &CatalogView) -> Vec<Row> {
    let rows = each_view(view).map(|(database, view)| {
        vec![
            said(CATALOG),
            said(database.name.as_str()),
            said(view.definition.name.as_str()),
            Some(view.definition.query.to_sql(&database.name).into()),
            said("NONE"),
            said("NO"),
            said(""),
            said(""),
            said(CHARACTER_SET),
            said(COLLATION),
        ]
    });
    rows.collect()
}
