//! The columns of a CREATE TABLE.

use cairn_format::{Column, ColumnDefault, ColumnName, FieldId};

use crate::analyze::names::analysed;
use crate::ast::{self, ColumnClause, ColumnValue, TypeName};
use crate::error::{Error, Result};

pub(super) fn columns(clauses: &[ColumnClause]) -> Result<Vec<Column>> {
    let mut columns: Vec<Column> = Vec::with_capacity(clauses.len());
    for (position, clause) in clauses.iter().enumerate() {
        let column = column(position, clause).map_err(|e| {
            let name = &clause.name.value;
            e.about(format_args!("column '{name}'"))
        })?;
        if columns.iter().any(|other| other.name == column.name) {
            return Err(Error::analysis(format!("Duplicate column name '{}'", column.name)));
        }
        columns.push(column);
    }
    Ok(columns)
}

fn column(position: usize, clause: &ColumnClause) -> Result<Column> {
    let column_type = match &clause.data_type {
        Some(TypeName::Known(known)) => *known,
        Some(TypeName::Unsupported(text)) => {
            return Err(Error::not_supported(format_args!("type {text}")));
        }
        Some(TypeName::Invalid { text, reason }) => {
            return Err(Error::analysis(format!("wrong type {text}: {reason}")));
        }
        None => return Err(Error::analysis("its type is missing")),
    };
    let default = match &clause.value {
        None | Some(ColumnValue::Default(ast::ColumnDefault::Null)) => None,
        Some(ColumnValue::Default(ast::ColumnDefault::Literal(text))) => {
            Some(ColumnDefault::Constant(text.clone()))
        }
        Some(ColumnValue::Default(ast::ColumnDefault::CurrentTimestamp(_))) => {
            return Err(Error::not_supported("DEFAULT CURRENT_TIMESTAMP"));
        }
        Some(ColumnValue::Default(ast::ColumnDefault::Function(function))) => {
            return Err(Error::not_supported(format_args!("DEFAULT ({}())", function.value)));
        }
        Some(ColumnValue::AutoIncrement) => return Err(Error::not_supported("AUTO_INCREMENT")),
        Some(ColumnValue::Generated(_)) => return Err(Error::not_supported("a generated column")),
    };
    let nullable = clause.nullable != Some(false);
    if !nullable && clause.value == Some(ColumnValue::Default(ast::ColumnDefault::Null)) {
        return Err(Error::analysis("it is NOT NULL, so its default cannot be NULL"));
    }
    let number = i32::try_from(position + 1).unwrap_or(i32::MAX);
    let (id, name) = (analysed(FieldId::try_new(number))?, analysed(ColumnName::parse(&clause.name.value))?);
    let comment = clause.comment.clone();
    let column = Column { nullable, default, comment, ..Column::new(id, name, column_type) };
    analysed(column.default_value())?;
    Ok(column)
}
