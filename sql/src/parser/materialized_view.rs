//! Materialized views.

use sqlparser::tokenizer::Token;

use super::Result;
use super::cursor::Cursor;
use super::query::query;
use super::view::columns as view_columns;
use crate::ast::{
    AlterMaterializedViewStatement, CreateMaterializedViewStatement, DropMaterializedViewStatement, Ident,
    MaterializedViewChange, RefreshClause, RefreshMaterializedViewStatement, RefreshMode, RefreshMoment,
    RefreshSchemeClause, RollupClause,
};

/// ```text
/// create_materialized_view := CREATE MATERIALIZED VIEW if_not_exists object_name [columns] comment {mv_clause} AS query
/// mv_clause := distribution | ORDER BY idents | refresh | properties
/// ```
///
/// The clauses stand in any order, each once.
pub(super) fn create_materialized_view(cursor: &mut Cursor<'_>) -> Result<CreateMaterializedViewStatement> {
    cursor.expect_keyword("CREATE")?;
    cursor.expect_keyword("MATERIALIZED")?;
    cursor.expect_keyword("VIEW")?;
    let if_not_exists = cursor.if_not_exists()?;
    let name = cursor.object_name("a materialized view name")?;
    let columns = view_columns(cursor)?;
    let comment = cursor.comment()?;
    let (mut distribution, mut order_by, mut refresh, mut properties) = (None, None, None, Vec::new());
    loop {
        if cursor.is_keyword("PARTITION") {
            return Err(cursor.not_supported("PARTITION BY of a materialized view"));
        }
        if distribution.is_none() && cursor.is_keyword("DISTRIBUTED") {
            distribution = super::table::distribution(cursor)?;
        } else if order_by.is_none() && cursor.eat_keyword("ORDER") {
            cursor.expect_keyword("BY")?;
            order_by = Some(cursor.idents("a column name")?);
        } else if refresh.is_none() && cursor.is_keyword("REFRESH") {
            refresh = Some(self::refresh(cursor)?);
        } else if properties.is_empty() && cursor.is_keyword("PROPERTIES") {
            properties = cursor.properties()?;
        } else {
            break;
        }
    }
    cursor.expect_keyword("AS")?;
    Ok(CreateMaterializedViewStatement {
        if_not_exists,
        name,
        columns,
        comment,
        distribution,
        order_by,
        refresh,
        properties,
        query: query(cursor)?,
    })
}

/// ```text
/// refresh := REFRESH [IMMEDIATE | DEFERRED] {MANUAL | ASYNC [[START ( string )] EVERY ( INTERVAL integer unit )]}
/// unit    := SECOND | MINUTE | HOUR | DAY
/// ```
fn refresh(cursor: &mut Cursor<'_>) -> Result<RefreshClause> {
    cursor.expect_keyword("REFRESH")?;
    let moment = if cursor.eat_keyword("IMMEDIATE") {
        Some(RefreshMoment::Immediate)
    } else if cursor.eat_keyword("DEFERRED") {
        Some(RefreshMoment::Deferred)
    } else {
        None
    };
    if cursor.is_keyword("INCREMENTAL") {
        return Err(cursor.not_supported("REFRESH INCREMENTAL"));
    }
    if cursor.eat_keyword("MANUAL") {
        return Ok(RefreshClause { moment, scheme: RefreshSchemeClause::Manual });
    }
    cursor.expect_keyword("ASYNC")?;
    let start = if cursor.eat_keyword("START") {
        cursor.expect(&Token::LParen)?;
        let start = cursor.string("a time as a string")?;
        cursor.expect(&Token::RParen)?;
        Some(start)
    } else {
        None
    };
    if start.is_none() && !cursor.eat_keyword("EVERY") {
        return Ok(RefreshClause { moment, scheme: RefreshSchemeClause::AfterChanges });
    }
    if start.is_some() {
        cursor.expect_keyword("EVERY")?;
    }
    cursor.expect(&Token::LParen)?;
    cursor.expect_keyword("INTERVAL")?;
    let count = cursor.integer("a number of units of time")?;
    let units = ["SECOND", "MINUTE", "HOUR", "DAY"];
    let Some(unit) = units.into_iter().find(|unit| cursor.eat_keyword(unit)) else {
        return Err(cursor.expected(&[]));
    };
    cursor.expect(&Token::RParen)?;
    let scheme = RefreshSchemeClause::Interval { start, count, unit: unit.to_owned() };
    Ok(RefreshClause { moment, scheme })
}

/// ```text
/// refresh_materialized_view := REFRESH MATERIALIZED VIEW object_name [FORCE] [WITH {SYNC | ASYNC} MODE]
/// ```
pub(super) fn refresh_materialized_view(cursor: &mut Cursor<'_>) -> Result<RefreshMaterializedViewStatement> {
    cursor.expect_keyword("REFRESH")?;
    cursor.expect_keyword("MATERIALIZED")?;
    cursor.expect_keyword("VIEW")?;
    let name = cursor.object_name("a materialized view name")?;
    if cursor.is_keyword("PARTITION") {
        return Err(cursor.not_supported("PARTITION in REFRESH MATERIALIZED VIEW"));
    }
    let force = cursor.eat_keyword("FORCE");
    let mode = if cursor.eat_keyword("WITH") {
        let mode = if cursor.eat_keyword("SYNC") {
            RefreshMode::Sync
        } else {
            cursor.expect_keyword("ASYNC")?;
            RefreshMode::Async
        };
        cursor.expect_keyword("MODE")?;
        Some(mode)
    } else {
        None
    };
    Ok(RefreshMaterializedViewStatement { name, force, mode })
}

/// ```text
/// alter_materialized_view := ALTER MATERIALIZED VIEW object_name {ACTIVE | INACTIVE | RENAME ident | refresh}
/// ```
pub(super) fn alter_materialized_view(cursor: &mut Cursor<'_>) -> Result<AlterMaterializedViewStatement> {
    cursor.expect_keyword("ALTER")?;
    cursor.expect_keyword("MATERIALIZED")?;
    cursor.expect_keyword("VIEW")?;
    let name = cursor.object_name("a materialized view name")?;
    let change = if cursor.eat_keyword("ACTIVE") {
        MaterializedViewChange::Active
    } else if cursor.eat_keyword("INACTIVE") {
        MaterializedViewChange::Inactive
    } else if cursor.eat_keyword("RENAME") {
        MaterializedViewChange::Rename(cursor.ident("a new name")?)
    } else if cursor.is_keyword("REFRESH") {
        MaterializedViewChange::Refresh(refresh(cursor)?)
    } else if cursor.is_one_of(&["SET", "SWAP", "ADD", "DROP"]) {
        let word = cursor.keyword().unwrap_or_default();
        return Err(cursor.not_supported(&format!("{word} in ALTER MATERIALIZED VIEW")));
    } else {
        return Err(cursor.expected(&["REFRESH"]));
    };
    Ok(AlterMaterializedViewStatement { name, change })
}

/// ```text
/// drop_materialized_view := DROP MATERIALIZED VIEW if_exists object_name
/// ```
pub(super) fn drop_materialized_view(cursor: &mut Cursor<'_>) -> Result<DropMaterializedViewStatement> {
    cursor.expect_keyword("DROP")?;
    cursor.expect_keyword("MATERIALIZED")?;
    cursor.expect_keyword("VIEW")?;
    let if_exists = cursor.if_exists()?;
    Ok(DropMaterializedViewStatement { if_exists, name: cursor.object_name("a materialized view name")? })
}

/// ```text
/// rollups := rollup {, rollup}
/// ```
///
/// A comma may also lead to the next clause of the statement.
pub(super) fn rollups(cursor: &mut Cursor<'_>) -> Result<Vec<RollupClause>> {
    let mut rollups = vec![super::table::rollup(cursor)?];
    while cursor.peek() == &Token::Comma && cursor.is_ident_at(1) && cursor.peek_at(2) == &Token::LParen {
        cursor.advance();
        rollups.push(super::table::rollup(cursor)?);
    }
    Ok(rollups)
}

/// ```text
/// rollup_names := ident {, ident}
/// ```
pub(super) fn rollup_names(cursor: &mut Cursor<'_>) -> Result<Vec<Ident>> {
    let mut names = vec![cursor.ident("a rollup name")?];
    let ends = |token: &Token| matches!(token, Token::Comma | Token::EOF | Token::SemiColon);
    while cursor.peek() == &Token::Comma && cursor.is_ident_at(1) && ends(cursor.peek_at(2)) {
        cursor.advance();
        names.push(cursor.ident("a rollup name")?);
    }
    Ok(names)
}
