//! Changes of a table's partitions inside `ALTER TABLE`, and `RECOVER`.

use sqlparser::tokenizer::Token;

use super::Result;
use super::cursor::Cursor;
use super::partition::{any_part, range_batch};
use super::table::distribution;
use crate::ast::{DroppedPartitions, Ident, PartitionChange, PartitionPart, RangePart, RecoverStatement};

const WHAT: &str = "a partition name";

/// Whether the clause that starts here changes partitions.
pub(super) fn starts_partition_change(cursor: &Cursor<'_>) -> bool {
    let is_partition = |n| cursor.is_keyword_at(n, "PARTITION") || cursor.is_keyword_at(n, "PARTITIONS");
    match cursor.keyword().as_deref() {
        Some("ADD" | "DROP") => is_partition(1) || (cursor.is_keyword_at(1, "TEMPORARY") && is_partition(2)),
        Some("RENAME" | "REPLACE" | "MODIFY") => is_partition(1),
        _ => false,
    }
}

/// ```text
/// partition_change := ADD [TEMPORARY] { list_part | range_part | PARTITIONS batch } [distribution]
///                   | DROP [TEMPORARY] {PARTITION | PARTITIONS} if_exists { partition_names | batch } [FORCE]
///                   | MODIFY PARTITION { partition_names | ( * ) } SET property_list
///                   | RENAME PARTITION ident_or_string ident_or_string
///                   | REPLACE {PARTITION | PARTITIONS} partition_names
///                     WITH TEMPORARY {PARTITION | PARTITIONS} partition_names properties
/// ```
pub(super) fn partition_change(cursor: &mut Cursor<'_>) -> Result<PartitionChange> {
    if cursor.eat_keyword("ADD") {
        return add(cursor);
    }
    if cursor.eat_keyword("DROP") {
        let temporary = cursor.eat_keyword("TEMPORARY");
        cursor.expect_one_of(&["PARTITION", "PARTITIONS"])?;
        let if_exists = cursor.if_exists()?;
        let partitions = if cursor.is_keyword("START") && cursor.peek_at(1) == &Token::LParen {
            DroppedPartitions::Batch(range_batch(cursor)?)
        } else {
            DroppedPartitions::Names(partition_names(cursor)?)
        };
        return Ok(PartitionChange::Drop {
            temporary,
            if_exists,
            partitions,
            force: cursor.eat_keyword("FORCE"),
        });
    }
    if cursor.eat_keyword("RENAME") {
        cursor.expect_keyword("PARTITION")?;
        let from = cursor.ident_or_string(WHAT)?;
        return Ok(PartitionChange::Rename { from, to: cursor.ident_or_string("the new name")? });
    }
    if cursor.eat_keyword("MODIFY") {
        return modify(cursor);
    }
    cursor.expect_keyword("REPLACE")?;
    cursor.expect_one_of(&["PARTITION", "PARTITIONS"])?;
    let partitions = partition_names(cursor)?;
    cursor.expect_keyword("WITH")?;
    cursor.expect_keyword("TEMPORARY")?;
    cursor.expect_one_of(&["PARTITION", "PARTITIONS"])?;
    let temporary = partition_names(cursor)?;
    Ok(PartitionChange::Replace { partitions, temporary, properties: cursor.properties()? })
}

fn add(cursor: &mut Cursor<'_>) -> Result<PartitionChange> {
    let temporary = cursor.eat_keyword("TEMPORARY");
    let part = if cursor.eat_keyword("PARTITIONS") {
        PartitionPart::Range(RangePart::Batch(range_batch(cursor)?))
    } else {
        any_part(cursor)?
    };
    Ok(PartitionChange::Add { temporary, part, distribution: distribution(cursor)? })
}

fn modify(cursor: &mut Cursor<'_>) -> Result<PartitionChange> {
    cursor.expect_one_of(&["PARTITION", "PARTITIONS"])?;
    let partitions = if cursor.peek() == &Token::LParen && cursor.peek_at(1) == &Token::Mul {
        cursor.set_index(cursor.index() + 2);
        cursor.expect(&Token::RParen)?;
        None
    } else {
        Some(partition_names(cursor)?)
    };
    cursor.expect_keyword("SET")?;
    Ok(PartitionChange::Modify { partitions, properties: cursor.property_list()? })
}

/// ```text
/// partition_names := ident_or_string | ( ident_or_string {, ident_or_string} )
/// ```
fn partition_names(cursor: &mut Cursor<'_>) -> Result<Vec<Ident>> {
    if cursor.peek() == &Token::LParen {
        return cursor.parenthesised(|cursor| cursor.ident_or_string(WHAT));
    }
    Ok(vec![cursor.ident_or_string(WHAT)?])
}

/// ```text
/// recover := RECOVER {DATABASE | SCHEMA} database_name
///          | RECOVER TABLE object_name
///          | RECOVER PARTITION ident_or_string FROM object_name
/// ```
pub(super) fn recover(cursor: &mut Cursor<'_>) -> Result<RecoverStatement> {
    cursor.expect_keyword("RECOVER")?;
    if cursor.eat_one_of(&["DATABASE", "SCHEMA"]) {
        return cursor.database_name().map(RecoverStatement::Database);
    }
    if cursor.eat_keyword("TABLE") {
        return cursor.object_name("a table name").map(RecoverStatement::Table);
    }
    cursor.expect_keyword("PARTITION")?;
    let partition = cursor.ident_or_string(WHAT)?;
    cursor.expect_keyword("FROM")?;
    Ok(RecoverStatement::Partition { partition, table: cursor.object_name("a table name")? })
}
