//! Clauses that DataFusion would drop without a word.

use sqlparser::ast::{Query, Select, TableFactor};

use crate::error::{Error, Result};

pub(super) fn check_query(query: &Query) -> Result<()> {
    let clauses = [
        (!query.locks.is_empty(), "FOR UPDATE or FOR SHARE"),
        (query.for_clause.is_some(), "FOR XML or FOR JSON"),
        (query.settings.is_some(), "SETTINGS"),
        (query.format_clause.is_some(), "FORMAT"),
    ];
    refuse(clauses)
}

pub(super) fn check_select(select: &Select) -> Result<()> {
    let clauses = [
        (select.into.is_some(), "SELECT INTO"),
        (select.top.is_some(), "TOP"),
        (select.prewhere.is_some(), "PREWHERE"),
        (!select.connect_by.is_empty(), "CONNECT BY"),
        (!select.lateral_views.is_empty(), "LATERAL VIEW"),
        (select.select_modifiers.is_some(), "a modifier behind SELECT"),
        (select.value_table_mode.is_some(), "SELECT AS"),
    ];
    refuse(clauses)
}

pub(super) fn check_table(factor: &TableFactor) -> Result<()> {
    match factor {
        TableFactor::Table {
            with_hints,
            version,
            with_ordinality,
            partitions,
            json_path,
            sample,
            index_hints,
            ..
        } => refuse([
            (sample.is_some(), "TABLESAMPLE"),
            (!partitions.is_empty(), "PARTITION behind a table of a query"),
            (!with_hints.is_empty(), "WITH (hint) behind a table"),
            (version.is_some(), "a version behind a table"),
            (!index_hints.is_empty(), "an index hint"),
            (*with_ordinality, "WITH ORDINALITY"),
            (json_path.is_some(), "a path behind a table"),
        ]),
        TableFactor::Derived { sample, .. } => refuse([(sample.is_some(), "TABLESAMPLE")]),
        _ => Ok(()),
    }
}

fn refuse<const N: usize>(clauses: [(bool, &str); N]) -> Result<()> {
    match clauses.iter().find(|(present, _)| *present) {
        Some((_, clause)) => Err(Error::not_supported(clause)),
        None => Ok(()),
    }
}
