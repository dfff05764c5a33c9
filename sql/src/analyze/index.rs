//! Index definitions: StarRocks' rules of what may be indexed how.

use std::collections::BTreeMap;

use cairn_format::{Column, ColumnType, IndexDefinition, IndexKind, KeyModel, TableDefinition};

use crate::ast::{self, Ident, IndexClause, Properties};
use crate::error::{Error, Result};

/// The longest name, in characters.
const MAX_NAME: usize = 64;

/// What StarRocks fills in for an n-gram Bloom filter.
const NGRAM_DEFAULTS: [(&str, &str); 3] =
    [("bloom_filter_fpp", "0.05"), ("gram_num", "2"), ("case_sensitive", "true")];

/// The properties of an inverted index.
const GIN_PROPERTIES: [&str; 9] = [
    "compound_format",
    "default_search_analyzer",
    "dict_gram_num",
    "imp_lib",
    "is_search_analyzed",
    "omit_term_freq_and_position",
    "parser",
    "rerank",
    "support_phrase",
];

/// Adds the indexes of a CREATE TABLE.
pub(super) fn add_all(table: &mut TableDefinition, clauses: &[IndexClause]) -> Result<()> {
    for clause in clauses {
        let index = index(table, clause)?;
        if named(table, &index.name).is_some() {
            return Err(Error::analysis(format!(
                "index name must be unique: '{}' is there twice",
                index.name
            )));
        }
        if let Some(other) = of_columns(table, &index) {
            return Err(Error::analysis(format!(
                "same index columns have multiple index name is not allowed: '{}' and '{}'",
                other.name, index.name
            )));
        }
        table.indexes.push(index);
    }
    Ok(())
}

/// Adds an index to a table that is there.
pub(super) fn add(table: &mut TableDefinition, clause: &IndexClause) -> Result<()> {
    let index = index(table, clause)?;
    if let Some(other) = named(table, &index.name) {
        return Err(Error::analysis(format!("index `{}` already exist.", table.indexes[other].name)));
    }
    if let Some(other) = of_columns(table, &index) {
        return Err(Error::analysis(format!(
            "Index for columns ({}) already exist: '{}'. Drop it first",
            clause.columns.iter().map(|name| name.value.as_str()).collect::<Vec<_>>().join(","),
            other.name
        )));
    }
    table.indexes.push(index);
    Ok(())
}

/// Drops an index.
pub(super) fn drop(table: &mut TableDefinition, name: &Ident) -> Result<()> {
    let Some(at) = named(table, &name.value) else {
        return Err(Error::analysis(format!(
            "index {} does not exist; SHOW INDEX FROM {} lists them",
            name.value, table.name
        )));
    };
    table.indexes.remove(at);
    Ok(())
}

/// The place of the index of that name, in any letter case.
fn named(table: &TableDefinition, name: &str) -> Option<usize> {
    table.indexes.iter().position(|index| index.name.to_lowercase() == name.to_lowercase())
}

fn of_columns<'t>(table: &'t TableDefinition, index: &IndexDefinition) -> Option<&'t IndexDefinition> {
    table.indexes.iter().find(|other| other.columns == index.columns)
}

fn index(table: &TableDefinition, clause: &IndexClause) -> Result<IndexDefinition> {
    let name = &clause.name.value;
    if name.trim().is_empty() {
        return Err(Error::analysis("index name cannot be blank"));
    }
    if name.chars().count() > MAX_NAME {
        return Err(Error::analysis(format!(
            "index name too long, the index name length at most is {MAX_NAME}: '{name}'"
        )));
    }
    let [column] = clause.columns.as_slice() else {
        return Err(Error::analysis(format!("{name} index can only apply to a single column")));
    };
    let column = table.column(&column.value).ok_or_else(|| {
        Error::analysis(format!(
            "index '{name}': column does not exist in table. invalid column: {}",
            column.value
        ))
    })?;
    let properties = properties(name, &clause.properties)?;
    let is_key = table.key().iter().any(|key| key.field_id == column.field_id);
    let on_any_row = is_key || matches!(table.key_model, KeyModel::Duplicate | KeyModel::Primary);
    let (kind, properties) = match clause.kind {
        None | Some(ast::IndexKind::Bitmap) => (IndexKind::Bitmap, bitmap(column, on_any_row, properties)?),
        Some(ast::IndexKind::Gin) => (IndexKind::Gin, gin(table, column, properties)?),
        Some(ast::IndexKind::NgramBloomFilter) => {
            (IndexKind::NgramBloomFilter, ngram(column, on_any_row, properties)?)
        }
        Some(ast::IndexKind::Vector) => {
            return Err(Error::not_supported(format_args!("index '{name}': a VECTOR index")));
        }
    };
    let comment = clause.comment.clone().filter(|text| !text.is_empty());
    Ok(IndexDefinition { name: name.clone(), columns: vec![column.field_id], kind, properties, comment })
}

/// Their keys are compared without case, and kept in lower case.
fn properties(index: &str, given: &Properties) -> Result<BTreeMap<String, String>> {
    let mut properties = BTreeMap::new();
    for (key, value) in given {
        if properties.insert(key.to_ascii_lowercase(), value.clone()).is_some() {
            return Err(Error::analysis(format!("property \"{key}\" of index '{index}' is given twice")));
        }
    }
    Ok(properties)
}

fn bitmap(
    column: &Column,
    on_any_row: bool,
    properties: BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>> {
    let name = &column.name;
    if !is_scalar(&column.column_type) {
        return Err(Error::analysis(format!(
            "{} is not supported in bitmap index. invalid column: {name}",
            column.column_type
        )));
    }
    if !on_any_row {
        return Err(Error::analysis(format!(
            "BITMAP index only used in columns of DUP_KEYS/PRIMARY_KEYS table or key columns of UNIQUE_KEYS/AGG_KEYS \
             table. invalid column: {name}"
        )));
    }
    Ok(properties)
}

fn is_scalar(column_type: &ColumnType) -> bool {
    column_type.is_integer()
        || column_type.is_text()
        || matches!(
            column_type,
            ColumnType::Boolean | ColumnType::Decimal { .. } | ColumnType::Date | ColumnType::DateTime
        )
}

fn gin(
    table: &TableDefinition,
    column: &Column,
    properties: BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>> {
    if !matches!(table.key_model, KeyModel::Duplicate | KeyModel::Primary) {
        return Err(Error::analysis("The inverted index can only be build on DUPLICATE/PRIMARY_KEYS table."));
    }
    if !column.column_type.is_text() {
        return Err(Error::analysis(format!(
            "The inverted index can only be build on column with type of CHAR/STRING/VARCHAR type. invalid column: {}",
            column.name
        )));
    }
    let unknown: Vec<&str> =
        properties.keys().map(String::as_str).filter(|key| !GIN_PROPERTIES.contains(key)).collect();
    if !unknown.is_empty() {
        return Err(Error::analysis(format!(
            "Do not support parameters {} for GIN. The known ones are {}",
            unknown.join(","),
            GIN_PROPERTIES.join(", ")
        )));
    }
    let library = properties.get("imp_lib");
    if library.is_some_and(|lib| !["clucene", "builtin", "tantivy"].contains(&lib.to_lowercase().as_str())) {
        return Err(Error::analysis("Only support clucene, builtin or tantivy implement for now."));
    }
    let parser = properties.get("parser");
    if let Some(parser) = parser.filter(|parser| !PARSERS.contains(&parser.as_str())) {
        return Err(Error::analysis(format!(
            "INVERTED index parser: {parser} is invalid for column: {} of type {}; use {}",
            column.name,
            column.column_type,
            PARSERS.join(", ")
        )));
    }
    Ok(properties)
}

/// What cuts texts into words.
const PARSERS: [&str; 4] = ["none", "standard", "english", "chinese"];

fn ngram(
    column: &Column,
    on_any_row: bool,
    mut properties: BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>> {
    let name = &column.name;
    if !column.column_type.is_text() {
        return Err(Error::analysis(format!(
            "Invalid ngram bloom filter column '{name}': unsupported type {}",
            column.column_type
        )));
    }
    if !on_any_row {
        return Err(Error::analysis(format!(
            "Ngram Bloom filter index only used in columns of DUP_KEYS/PRIMARY table or key columns of \
             UNIQUE_KEYS/AGG_KEYS table. invalid column: {name}"
        )));
    }
    for (key, value) in &properties {
        match key.as_str() {
            "bloom_filter_fpp" => {
                let fpp: f64 =
                    value.trim().parse().map_err(|_| Error::analysis("Bloom filter fpp is not Double"))?;
                if !(0.0001..=0.05).contains(&fpp) {
                    return Err(Error::analysis("Bloom filter fpp should in [1.0E-4, 0.05]"));
                }
            }
            "gram_num" if value.trim().parse::<i32>().is_ok_and(|number| number > 0) => {}
            "gram_num" => {
                return Err(Error::analysis("Ngram Bloom filter's gram_num should be positive number"));
            }
            "case_sensitive" if ["true", "false"].contains(&value.to_lowercase().as_str()) => {}
            "case_sensitive" => {
                return Err(Error::analysis("Ngram Bloom filter's case_sensitive should be true or false"));
            }
            other => {
                let known = NGRAM_DEFAULTS.map(|(key, _)| key).join(", ");
                return Err(Error::analysis(format!(
                    "Do not support parameters {other} for NGRAMBF. The known ones are {known}"
                )));
            }
        }
    }
    for (key, value) in NGRAM_DEFAULTS {
        properties.entry(key.to_owned()).or_insert_with(|| value.to_owned());
    }
    Ok(properties)
}
