//! Queries, which `sqlparser` parses.

use sqlparser::ast::{
    BinaryOperator, Expr, FunctionArg, FunctionArgExpr, SelectItem, SetExpr, TableFactor, Value,
};

use super::{check_refused, check_refused_at, parse, parse_ok};
use crate::ast::{ExplainLevel, Statement};

fn query(sql: &str) -> Box<sqlparser::ast::Query> {
    match parse_ok(sql) {
        Statement::Query(query) => query.query,
        other => panic!("{other}"),
    }
}

fn string(expr: &Expr) -> &str {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => text,
            other => panic!("{other}"),
        },
        other => panic!("{other}"),
    }
}

#[test]
fn files_is_a_table_function_whose_arguments_are_equations_of_strings() {
    let query = query("SELECT * FROM FILES(\"path\" = \"s3://b/*.parquet\", 'format' = 'parquet')");
    let SetExpr::Select(select) = query.body.as_ref() else { panic!() };
    let TableFactor::Table { name, args: Some(args), .. } = &select.from[0].relation else { panic!() };
    assert_eq!(name.to_string(), "FILES");
    let pairs: Vec<(&str, &str)> = args
        .args
        .iter()
        .map(|arg| match arg {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::BinaryOp {
                left,
                op: BinaryOperator::Eq,
                right,
            })) => (string(left), string(right)),
            other => panic!("{other}"),
        })
        .collect();
    assert_eq!(pairs, [("path", "s3://b/*.parquet"), ("format", "parquet")]);
}

#[test]
fn strings_in_queries_have_their_escapes_resolved() {
    let query = query(r#"SELECT "it's", 'a\\b''c'"#);
    let SetExpr::Select(select) = query.body.as_ref() else { panic!() };
    let texts: Vec<&str> = select
        .projection
        .iter()
        .map(|item| match item {
            SelectItem::UnnamedExpr(expr) => string(expr),
            other => panic!("{other}"),
        })
        .collect();
    assert_eq!(texts, ["it's", "a\\b'c"]);
}

#[test]
fn the_text_of_a_query_is_exact() {
    for (sql, text) in [
        ("  SELECT 1  -- x", "SELECT 1"),
        ("EXPLAIN  SELECT\n 'a\\\\' ;", "SELECT\n 'a\\\\'"),
        ("INSERT INTO t (a)  VALUES (1),\n(2)", "VALUES (1),\n(2)"),
    ] {
        let found = match parse_ok(sql) {
            Statement::Query(query) => query.text,
            Statement::Explain(explain) => explain.query.text,
            Statement::Insert(insert) => insert.query.text,
            other => panic!("{other}"),
        };
        assert_eq!(found, text);
    }
}

#[test]
fn queries_of_many_kinds_parse() {
    for sql in [
        "SELECT a, count(*) AS n FROM t WHERE b > 1 GROUP BY a HAVING count(*) > 1 ORDER BY n DESC LIMIT 5, 10",
        "SELECT * FROM a.b.c AS x JOIN y USING (id) LEFT JOIN z ON x.id = z.id",
        "SELECT row_number() OVER (PARTITION BY a ORDER BY b ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t",
        "SELECT a FROM t GROUP BY ROLLUP (a)",
        "SELECT a FROM t GROUP BY GROUPING SETS ((a), ())",
        "SELECT CASE WHEN a THEN 1 ELSE 2 END, CAST(a AS VARCHAR(10)), a BETWEEN 1 AND 2, a IN (1, 2), a IS NULL FROM t",
        "SELECT date_add(d, INTERVAL 1 DAY), DATE '2024-01-01', INTERVAL 1 DAY FROM t",
        "SELECT a && b, !c, a % 2, a << 1 FROM t",
        "SELECT 1 FROM dual",
        "SELECT left(a, 2), replace(a, 'b', 'c'), if(a, b, c), mod(a, 2), char(65) FROM t",
        "SELECT a 'alias', b AS \"other alias\" FROM t",
        "SELECT `key`, t.`select` FROM t",
        "SELECT * FROM (VALUES (1, 2)) AS v(a, b)",
        "SELECT EXISTS (SELECT 1), (SELECT 2)",
        "WITH RECURSIVE a AS (SELECT 1 UNION ALL SELECT n + 1 FROM a) SELECT * FROM a",
        "SELECT 1 UNION SELECT 2 INTERSECT SELECT 3 EXCEPT SELECT 4",
        "SELECT current_timestamp, CURRENT_DATE, now()",
        "SELECT -1.5e3, 0x1F, TRUE, NULL, X'ab'",
        "SELECT * EXCEPT (a) FROM t",
    ] {
        super::check(sql);
    }
}

#[test]
fn errors_of_queries_have_our_form() {
    check_refused_at(
        "SELECT a FROM",
        "line 1, column 14: expected identifier, found the end of the statement",
    );
    check_refused_at("SELECT\n a b c", "line 2, column 6: expected the end of the statement, found 'c'");
    check_refused_at(
        "EXPLAIN SELECT 1 FROM t WHERE",
        "line 1, column 30: expected an expression, found the end of the statement",
    );
    check_refused_at("SELECT (1", "line 1, column 10: expected ), found the end of the statement");
}

#[test]
fn strings_and_reserved_words_are_no_names_in_queries() {
    check_refused(
        "SELECT * FROM 'orders'",
        "line 1, column 15: expected a name, found the string 'orders'\n\
         hint: quotes make a string: a name is written bare or in backquotes",
    );
    check_refused_at("SELECT a.\"b\" FROM a", "line 1, column 10: expected a name, found the string 'b'");
    check_refused(
        "SELECT key FROM t",
        "line 1, column 8: expected a name, found 'key'\n\
         hint: key is a reserved word: to use it as a name, write `key` in backquotes",
    );
    check_refused_at("SELECT * FROM rows", "line 1, column 15: expected a name, found 'rows'");
}

#[test]
fn explain_levels() {
    let level = |sql: &str| match parse_ok(sql) {
        Statement::Explain(explain) => explain.level,
        other => panic!("{other}"),
    };
    assert_eq!(level("EXPLAIN SELECT 1"), ExplainLevel::Normal);
    assert_eq!(level("explain verbose select 1"), ExplainLevel::Verbose);
    assert_eq!(level("DESC SELECT 1"), ExplainLevel::Normal);
    assert_eq!(level("EXPLAIN ANALYZE SELECT 1"), ExplainLevel::Analyze);
}

/// Symptom: a query nested or chained tens of thousands deep overflows the stack, in the parser or when its
/// tree is freed. The parser bounds nesting, and the length of chains, which become deep trees too.
#[test]
fn deep_queries_are_refused_and_do_not_overflow_the_stack() {
    let n = 50_000;
    let deep = [
        format!("SELECT {}1{}", "(".repeat(n), ")".repeat(n)),
        format!("SELECT {} 1", "NOT ".repeat(n)),
        format!("SELECT {}1", "- ".repeat(n)),
        format!("SELECT {}1", "~".repeat(n)),
        format!("SELECT 1{}", " + 1".repeat(n)),
        format!("SELECT 1{}", " OR a = 1".repeat(n)),
        format!("SELECT a{}", " IS NULL".repeat(n)),
        format!("SELECT a{}", "::INT".repeat(n)),
        format!("SELECT a{}", "[1]".repeat(n)),
        format!("SELECT a{}", " COLLATE x".repeat(n)),
        format!("SELECT a{}", " AT TIME ZONE 'x'".repeat(n)),
        format!("SELECT a{}", " IS DISTINCT FROM b".repeat(n)),
        format!("SELECT 1{}", " + CASE WHEN 1 THEN 1 END".repeat(n)),
        format!("SELECT 1{}", " UNION ALL SELECT 1, 2".repeat(n)),
        format!("SELECT 1{}", " EXCEPT SELECT 1".repeat(n)),
        format!("SELECT {}1{}", "CASE WHEN ".repeat(n), " THEN 1 END".repeat(n)),
        format!("SELECT {}1{}", "f(".repeat(n), ")".repeat(n)),
        format!("SELECT * FROM {}t{}", "(".repeat(n), ")".repeat(n)),
        format!("SELECT * FROM {}SELECT 1{}", "(".repeat(n), ")".repeat(n)),
        format!("{}SELECT 1{}", "(".repeat(n), ")".repeat(n)),
        format!("SELECT CAST(1 AS {}INT{})", "ARRAY<".repeat(n), ">".repeat(n)),
        format!("SELECT {}1", "INTERVAL ".repeat(n)),
        format!("SELECT {}", "EXISTS (SELECT ".repeat(n)),
        format!("{} SELECT 1", "WITH a AS (".repeat(n)),
        format!("SELECT * FROM t {}", "JOIN (t ".repeat(n)),
        format!("SELECT {}1{}", "[".repeat(n), "]".repeat(n)),
        format!("SELECT {}1{}", "{a: ".repeat(n), "}".repeat(n)),
        format!("CREATE TABLE t (a INT AS {}1{})", "(".repeat(n), ")".repeat(n)),
        format!("SHOW BACKUP WHERE {} 1", "NOT ".repeat(n)),
        format!("CREATE TABLE t (a INT) PARTITION BY {}a{}", "f(".repeat(n), ")".repeat(n)),
    ];
    for sql in deep {
        assert!(parse(&sql).is_err(), "{}", &sql[..40]);
    }
    for fine in [
        format!("CREATE TABLE t (a {}INT{})", "ARRAY<".repeat(n), ">".repeat(n)),
        format!("SELECT a IN (0{})", ", 1".repeat(n)),
        format!("SELECT 1{}", ", -1 + 2 * 3".repeat(n)),
        format!("SELECT a FROM t{}", " JOIN t ON a = b".repeat(1000)),
    ] {
        parse_ok(&fine);
    }
}

#[test]
fn the_longest_chains_that_parse_can_be_printed_compared_and_freed() {
    for link in [" + 1", " OR a = 1", " UNION ALL SELECT 1"] {
        let longest =
            (1..1000).take_while(|n| parse(&format!("SELECT 1{}", link.repeat(*n))).is_ok()).last().unwrap();
        assert!(longest >= 100, "{link}");
        let statement = super::check(&format!("SELECT 1{}", link.repeat(longest)));
        let Statement::Query(query) = &statement else { panic!() };
        assert!(query.query.to_string().len() > longest);
        assert_eq!(statement.clone(), statement);
    }
}

/// Siblings do not make a tree deeper, however many they are.
#[test]
fn what_generators_write_parses() {
    let n = 2000;
    for sql in [
        format!("SELECT CASE{} ELSE a - 1 END FROM t", " WHEN a = 1 AND b = 2 THEN a + 1".repeat(n)),
        format!("SELECT CASE a + 1{} END + 1 FROM t", " WHEN - 1 THEN - 2".repeat(n)),
        format!("SELECT 1{} FROM t WHERE a = 1", ", a + b * c = 1 AND d BETWEEN 1 AND 2 OR e".repeat(n)),
        format!("SELECT a IN (0{})", ", 1 + 2".repeat(n)),
        format!("INSERT INTO t VALUES (1){}", ", (- 1 + 2)".repeat(n)),
        format!("SELECT 1 WHERE a = 1{}", " OR a = - 1 AND b BETWEEN 1 AND 2".repeat(140)),
        format!("SELECT 1 WHERE a = 1{}", " AND a <> 1".repeat(290)),
    ] {
        parse_ok(&sql);
    }
}

/// Words that end an expression elsewhere do not hide how long a chain is.
#[test]
fn chains_of_odd_words_are_bounded() {
    let n = 50_000;
    for link in [
        " + when",
        " + then",
        " + on",
        " + end",
        " BETWEEN a AND b",
        " XOR a AND b",
        " AND a OR b",
        " + CASE",
        " NOT BETWEEN a AND b",
        " + a AND - b",
    ] {
        for sql in [format!("SELECT 1{}", link.repeat(n)), format!("SELECT CASE WHEN 1{}", link.repeat(n))] {
            assert!(parse(&sql).is_err(), "{link}");
        }
    }
}

#[test]
fn what_is_not_supported_is_named() {
    for (sql, expected) in [
        ("SELECT 5 DIV 2", "line 1, column 10: DIV is not supported yet"),
        ("SELECT * FROM t PARTITION (p)", "line 1, column 17: PARTITION in a query is not supported yet"),
        ("SELECT * FROM t PARTITIONS (p)", "line 1, column 17: PARTITION in a query is not supported yet"),
        ("INSERT INTO t BY NAME SELECT 1", "line 1, column 15: BY NAME in INSERT is not supported yet"),
    ] {
        check_refused_at(sql, expected);
    }
    super::check("SELECT count(*) FILTER (WHERE a > 1) FROM t");
    super::check("SELECT sum(a) OVER (PARTITION BY (b)) FROM t");
}

#[test]
fn errors_show_nothing_unprintable_and_no_insides() {
    check_refused_at(
        "SHOW \0 x",
        "line 1, column 6: expected DATABASES, TABLES, COLUMNS, INDEX, PARTITIONS, TABLET, DATA, ALTER, CREATE, REPOSITORIES, SNAPSHOT, BACKUP, RESTORE, GRANTS, ROLES or USERS, found '\\u{0}'",
    );
    for sql in [
        "SELECT 1 \0",
        "SELECT \u{7}",
        "SELECT * FROM t WHERE a ! b",
        "SELECT a = ANY b",
        "SELECT a ? 1 : 2",
        "SELECT 1 @ 2",
        "SELECT :a 1",
        "SELECT {",
        "SELECT $1 =>",
    ] {
        let Err(error) = parse(sql) else { continue };
        let text = error.to_string();
        assert!(!text.contains("Token") && !text.contains("Span"), "{sql}: {text}");
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{sql}: {text:?}");
    }
}
