//! Which words may stand as a name without backquotes.

/// Words StarRocks refuses as unquoted names. Sorted, upper case.
#[rustfmt::skip]
const RESERVED: &[&str] = &[
    "ADD", "ALL", "ALTER", "ANALYZE", "AND", "ARRAY", "AS", "ASC", "BETWEEN", "BIGINT", "BITMAP", "BOTH",
    "BY", "CASE", "CHAR", "CHARACTER", "CHECK", "COLLATE", "COLUMN", "COMPACTION", "CONVERT", "CREATE",
    "CROSS", "CUBE", "CURRENT_DATE", "CURRENT_ROLE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "CURRENT_USER",
    "DATABASE", "DATABASES", "DECIMAL", "DECIMAL128", "DECIMAL32", "DECIMAL64", "DECIMALV2", "DEFAULT",
    "DEFERRED", "DELETE", "DENSE_RANK", "DESC", "DESCRIBE", "DISTINCT", "DOUBLE", "DROP", "DUAL", "ELSE",
    "EXCEPT", "EXISTS", "EXPLAIN", "FALSE", "FILES", "FIRST_VALUE", "FLOAT", "FOR", "FORCE", "FROM", "FULL",
    "FUNCTION", "GIN", "GRANT", "GROUP", "GROUPING", "GROUPING_ID", "GROUPS", "HAVING", "HLL", "IF", "IGNORE",
    "IMMEDIATE", "IN", "INDEX", "INFILE", "INNER", "INSERT", "INT", "INTEGER", "INTERSECT", "INTO", "IS",
    "JOIN", "JSON", "KEY", "KEYS", "KILL", "LAG", "LARGEINT", "LAST_VALUE", "LATERAL", "LEAD", "LEFT", "LIKE",
    "LIMIT", "LOAD", "LOCALTIME", "LOCALTIMESTAMP", "MAXVALUE", "MINUS", "MOD", "NOT", "NTILE", "NULL", "ON",
    "OPTIMIZE", "OR", "ORDER", "OUTER", "OUTFILE", "OVER", "PARTITION", "PERCENTILE", "PREPARE", "PRIMARY",
    "PROCEDURE", "QUALIFY", "RANGE", "RANK", "READ", "REGEXP", "RELEASE", "RENAME", "REPLACE", "REVOKE",
    "RIGHT", "RLIKE", "ROW", "ROWS", "ROW_NUMBER", "SCHEMA", "SCHEMAS", "SELECT", "SET", "SET_VAR", "SHOW",
    "SMALLINT", "SYSTEM", "TABLE", "TERMINATED", "TEXT", "THEN", "TINYINT", "TO", "TRUE", "UNION", "UNIQUE",
    "UNSIGNED", "UPDATE", "USE", "USING", "VALUES", "VARCHAR", "WHEN", "WHERE", "WITH",
];

/// Words that may be names, and that the grammar also uses where a name may stand. They are printed in
/// backquotes, so that a printed statement reads in one way only, to older readers as well. Sorted, upper
/// case.
const CONTEXTUAL: &[&str] =
    &["FUNCTIONS", "LABEL", "MATERIALIZED", "PARTITIONS", "TABLES", "TEMPORARY", "VIEW", "VIEWS"];

/// Whether the word cannot be a name unless it stands in backquotes. Letter case does not matter.
pub(crate) fn is_reserved(word: &str) -> bool {
    contains(RESERVED, word)
}

/// Whether the value, printed bare, reads back as the same name in every place of the grammar.
pub(super) fn prints_bare(value: &str) -> bool {
    value.chars().next().is_some_and(is_identifier_start)
        && value.chars().all(is_identifier_char)
        && !is_reserved(value)
        && !contains(CONTEXTUAL, value)
}

/// Whether an unquoted name may start with the character.
pub(crate) fn is_identifier_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || c == '$' || is_beyond_ascii(c)
}

/// Whether an unquoted name may go on with the character.
pub(crate) fn is_identifier_char(c: char) -> bool {
    is_identifier_start(c) || c.is_ascii_digit()
}

/// StarRocks takes every code point from U+0080 as a letter, except the ideographic space, which is white
/// space.
fn is_beyond_ascii(c: char) -> bool {
    c >= '\u{80}' && c != '\u{3000}'
}

fn contains(sorted: &[&str], word: &str) -> bool {
    word.is_ascii() && sorted.binary_search(&word.to_ascii_uppercase().as_str()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn word_lists_are_sorted_so_that_they_can_be_searched() {
        assert!(RESERVED.is_sorted());
        assert!(CONTEXTUAL.is_sorted());
    }

    #[test]
    fn reserved_words_are_found_in_any_case() {
        for word in ["ADD", "add", "With", "key", "row_number", "GIN", "decimal128"] {
            assert!(is_reserved(word), "{word}");
        }
    }

    #[test]
    fn names_the_reference_lists_as_usable_are_not_reserved() {
        let usable = "BACKUP RESTORE SNAPSHOT SNAPSHOTS REPOSITORY REPOSITORIES RECOVER BROKER LOCATION PROPERTIES \
             PARTITIONS TABLES VIEW VIEWS FUNCTIONS CATALOG CATALOGS EXTERNAL MATERIALIZED CANCEL TEMPORARY TIMESTAMP \
             DATE DAY HASH RANDOM BUCKETS DISTRIBUTED DUPLICATE AGGREGATE LIST ENGINE COMMENT STRING SUM MAX MIN TYPE \
             VALUE LABEL STATUS ROLE USER YEAR";
        for word in usable.split_whitespace() {
            assert!(!is_reserved(word), "{word}");
        }
    }
}
