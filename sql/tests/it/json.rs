//! JSON columns and the functions that read them.

use crate::support::Shell;

#[test]
fn parts_of_documents_are_found() {
    let mut shell = Shell::with_database();
    shell.run(
        "CREATE TABLE t (k INT, j JSON);
         INSERT INTO t VALUES (1, '{\"a\": {\"b\": [1, 2.5, \"x\"]}, \"n\": null, \"t\": true}'), (2, parse_json('[7]')), (3, NULL)",
    );
    for (sql, expected) in [
        ("json_query(j, '$.a.b[1]')", ["2.5", "NULL", "NULL"]),
        ("j -> 'a.b[2]'", ["\"x\"", "NULL", "NULL"]),
        ("j -> '$.a' -> '$.b'", ["[1, 2.5, \"x\"]", "NULL", "NULL"]),
        ("get_json_string(j, '$.a.b[2]')", ["x", "NULL", "NULL"]),
        ("get_json_string(j, '$[0]')", ["NULL", "7", "NULL"]),
        ("get_json_int(j, '$.a.b[0]') + 1", ["2", "NULL", "NULL"]),
        ("get_json_double(j, '$.a.b[1]')", ["2.5", "NULL", "NULL"]),
        ("get_json_bool(j, '$.t')", ["true", "NULL", "NULL"]),
        ("json_exists(j, '$.n')", ["true", "false", "NULL"]),
        ("get_json_string(j, '$.n')", ["NULL", "NULL", "NULL"]),
    ] {
        assert_eq!(shell.rows(&format!("SELECT {sql} FROM t ORDER BY k")), expected, "{sql}");
    }
    assert_eq!(shell.value("SELECT k FROM t WHERE get_json_int(j -> 'a', 'b[0]') = 1"), "1");
    assert_eq!(shell.value("SELECT k FROM t WHERE j -> 'a.b[0]' = '1'"), "1");
    assert_eq!(shell.value("SELECT parse_json('{x')"), "NULL");
    let refused = shell.refusal("SELECT json_query(j, '$.') FROM t").to_string();
    assert!(refused.contains("'$.' is no path of JSON"), "{refused}");
}

#[test]
fn a_load_with_a_bad_document_is_refused_as_a_whole() {
    let mut shell = Shell::with_database();
    shell.run("CREATE TABLE t (k INT, j JSON, a ARRAY<JSON>)");
    for (sql, expected) in [
        ("INSERT INTO t VALUES (1, '{}', NULL), (2, '{x}', NULL)", "column 'j', row 2: '{x}' is not JSON"),
        ("INSERT INTO t SELECT 1, '[1', NULL", "column 'j', row 1: '[1' is not JSON"),
        ("INSERT INTO t SELECT 1, NULL, ['{}', '{y}']", "column 'a', row 1: '{y}' is not JSON"),
        ("INSERT INTO t VALUES (1, 5, NULL), (2, true, NULL)", "true is not a value of type json"),
    ] {
        let refused = shell.refusal(sql).to_string();
        assert!(refused.contains(expected), "{sql}: {refused}");
    }
    assert_eq!(shell.value("SELECT count(*) FROM t"), "0");
}
