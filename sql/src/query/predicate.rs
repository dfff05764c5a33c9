//! From DataFusion's filters to what the engine prunes with.
//!
//! A filter that cannot be said exactly is left out: the scan then reads more than it must, never less.

use arrow::datatypes::DataType;
use cairn_engine::{ColumnPredicate, ColumnTest};
use cairn_format::{Column, ColumnType, TableDefinition, Value};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{Between, BinaryExpr, Operator};
use datafusion::prelude::Expr;

/// What the filters, which all must hold, say of single columns.
pub(super) fn column_predicates(table: &TableDefinition, filters: &[Expr]) -> Vec<ColumnPredicate> {
    let mut predicates = Vec::new();
    for filter in filters {
        add(table, filter, &mut predicates);
    }
    predicates
}

fn add(table: &TableDefinition, filter: &Expr, predicates: &mut Vec<ColumnPredicate>) {
    let mut push = |column: &Column, test: Option<ColumnTest>| {
        predicates.extend(test.map(|test| ColumnPredicate { field_id: column.field_id, test }));
    };
    match filter {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
            add(table, left, predicates);
            add(table, right, predicates);
        }
        Expr::BinaryExpr(BinaryExpr { op: Operator::Or, .. }) | Expr::InList(_) => {
            if let Some((column, values)) = choice(table, filter) {
                push(column, Some(ColumnTest::In(values)));
            }
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            if let (Some(column), Some(literal)) = (column(table, left), literal(right)) {
                push(column, comparison(column, *op, literal));
            } else if let (Some(literal), Some(column)) = (literal(left), column(table, right))
                && let Some(op) = op.swap()
            {
                push(column, comparison(column, op, literal));
            }
        }
        Expr::Between(Between { expr, negated: false, low, high }) => {
            if let Some(column) = column(table, expr) {
                push(column, literal(low).and_then(|low| comparison(column, Operator::GtEq, low)));
                push(column, literal(high).and_then(|high| comparison(column, Operator::LtEq, high)));
            }
        }
        Expr::IsNull(expr) => {
            if let Some(column) = column(table, expr) {
                push(column, Some(ColumnTest::IsNull));
            }
        }
        Expr::IsNotNull(expr) => {
            if let Some(column) = column(table, expr) {
                push(column, Some(ColumnTest::IsNotNull));
            }
        }
        Expr::Column(_) => {
            if let Some(column) = column(table, filter).filter(|c| c.column_type == ColumnType::Boolean) {
                push(column, Some(ColumnTest::In(vec![Value::Boolean(true)])));
            }
        }
        Expr::Not(expr) if matches!(expr.as_ref(), Expr::Column(_)) => {
            if let Some(column) = column(table, expr).filter(|c| c.column_type == ColumnType::Boolean) {
                push(column, Some(ColumnTest::In(vec![Value::Boolean(false)])));
            }
        }
        _ => {}
    }
}

/// The values that a filter leaves to one column: `c = 1`, `c IN (1, 2)`, or such filters joined by OR.
fn choice<'t>(table: &'t TableDefinition, filter: &Expr) -> Option<(&'t Column, Vec<Value>)> {
    match filter {
        Expr::InList(InList { expr, list, negated: false }) => {
            let column = column(table, expr)?;
            let values = list.iter().map(|item| value(column, literal(item)?));
            Some((column, values.collect::<Option<_>>()?))
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => {
            let (column, literal) = match (column(table, left), literal(right)) {
                (Some(column), Some(literal)) => (column, literal),
                _ => (column(table, right)?, literal(left)?),
            };
            Some((column, vec![value(column, literal)?]))
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
            let (column, mut values) = choice(table, left)?;
            let (other, more) = choice(table, right)?;
            values.extend(more);
            (column.field_id == other.field_id).then_some((column, values))
        }
        _ => None,
    }
}

/// The column that an expression is, also under a cast that keeps its values and their order.
fn column<'t>(table: &'t TableDefinition, expr: &Expr) -> Option<&'t Column> {
    match expr {
        Expr::Column(column) => table.column(&column.name),
        Expr::Cast(cast) => {
            let column = column(table, &cast.expr)?;
            widens(&column.column_type.arrow_type(), cast.field.data_type()).then_some(column)
        }
        _ => None,
    }
}

fn widens(from: &DataType, to: &DataType) -> bool {
    use DataType::{Date32, Decimal128, Decimal256, Int8, Int16, Int32, Int64, Timestamp};
    let digits = |int: &DataType| match int {
        Int8 => Some(3_i16),
        Int16 => Some(5),
        Int32 => Some(10),
        Int64 => Some(19),
        _ => None,
    };
    match (from, to) {
        (Int8 | Int16 | Int32, Int64)
        | (Int8 | Int16, Int32)
        | (Int8, Int16)
        | (Date32, Timestamp(_, None)) => true,
        (Decimal128(p1, s1), Decimal128(p2, s2) | Decimal256(p2, s2))
        | (Decimal256(p1, s1), Decimal256(p2, s2)) => {
            s2 >= s1 && i16::from(*p2) - i16::from(*s2) >= i16::from(*p1) - i16::from(*s1)
        }
        (int, Decimal128(p, s) | Decimal256(p, s)) => {
            digits(int).is_some_and(|digits| *s >= 0 && i16::from(*p) - i16::from(*s) >= digits)
        }
        _ => false,
    }
}

fn literal(expr: &Expr) -> Option<&ScalarValue> {
    match expr {
        Expr::Literal(value, _) => Some(value),
        _ => None,
    }
}

fn comparison(column: &Column, op: Operator, literal: &ScalarValue) -> Option<ColumnTest> {
    let value = value(column, literal)?;
    Some(match op {
        Operator::Eq => ColumnTest::In(vec![value]),
        Operator::Lt => ColumnTest::Less(value),
        Operator::LtEq => ColumnTest::LessOrEqual(value),
        Operator::Gt => ColumnTest::Greater(value),
        Operator::GtEq => ColumnTest::GreaterOrEqual(value),
        _ => return None,
    })
}

/// The literal as a value of the column; `None` when it is null or would change on the way.
fn value(column: &Column, literal: &ScalarValue) -> Option<Value> {
    if literal.is_null() || !column.column_type.is_ordered() {
        return None;
    }
    let own = literal.cast_to(&column.column_type.arrow_type()).ok()?;
    if own.is_null() || own.cast_to(&literal.data_type()).ok()? != *literal {
        return None;
    }
    Value::from_array(&own.to_array().ok()?, 0, &column.column_type).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_format::{ColumnName, Distribution, FieldId, KeyModel, Partitioning, TableName};
    use datafusion::prelude::{col, lit};

    fn table() -> TableDefinition {
        let types = [ColumnType::Int, ColumnType::Date, ColumnType::Decimal { precision: 10, scale: 2 }];
        let column = |(i, column_type)| {
            let name = ColumnName::parse(["a", "d", "x"][usize::try_from(i).unwrap()]).unwrap();
            Column::new(FieldId::try_new(i + 1).unwrap(), name, column_type)
        };
        TableDefinition {
            name: TableName::parse("t").unwrap(),
            columns: (0..).zip(types).map(column).collect(),
            key_model: KeyModel::Duplicate,
            key_columns: 1,
            automatic_buckets: false,
            sort_key: None,
            rollups: Vec::new(),
            materialized_view: None,
            indexes: Vec::new(),
            partitioning: Partitioning::Unpartitioned,
            distribution: Distribution::Random { buckets: 1 },
            comment: None,
            properties: std::collections::BTreeMap::default(),
            next_field_id: 4,
        }
    }

    #[test]
    fn filters_become_predicates_only_where_they_say_the_same() {
        let date = |days| lit(ScalarValue::Date32(Some(days)));
        let decimal = |v, p, s| lit(ScalarValue::Decimal128(Some(v), p, s));
        let cases = [
            (col("a").eq(lit(3_i64)), Some(ColumnTest::In(vec![Value::Integer(3)]))),
            (lit(3_i32).lt(col("a")), Some(ColumnTest::Greater(Value::Integer(3)))),
            (col("a").lt(lit(1_i64 << 40)), None),
            (col("a").eq(lit(1.5)), None),
            (col("d").gt_eq(date(7)), Some(ColumnTest::GreaterOrEqual(Value::Date(7)))),
            (col("x").lt_eq(decimal(15, 2, 1)), Some(ColumnTest::LessOrEqual(Value::Decimal(150.into())))),
            (col("x").lt_eq(decimal(1_234, 4, 3)), None),
            (col("a").is_null(), Some(ColumnTest::IsNull)),
            (col("a").eq(lit(ScalarValue::Int32(None))), None),
            (col("a").not_eq(lit(3_i32)), None),
            (col("a").eq(lit(3_i32)).or(col("d").eq(date(4))), None),
            (
                col("a").eq(lit(3_i32)).or(lit(4_i32).eq(col("a"))),
                Some(ColumnTest::In(vec![Value::Integer(3), Value::Integer(4)])),
            ),
        ];
        for (filter, expected) in cases {
            let found = column_predicates(&table(), std::slice::from_ref(&filter));
            assert_eq!(found.into_iter().next().map(|p| p.test), expected, "{filter}");
        }
        let both =
            col("a").in_list(vec![lit(1_i32), lit(2_i32)], false).and(col("d").between(date(1), date(2)));
        assert_eq!(column_predicates(&table(), &[both]).len(), 3);
    }
}
