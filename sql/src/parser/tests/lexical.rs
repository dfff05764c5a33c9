//! Cutting scripts, strings, comments, positions.

use super::{check, check_refused, check_refused_at, parse, parse_statement, split_statements};
use crate::ast::{Location, Statement};

fn texts(script: &str) -> Vec<String> {
    split_statements(script).iter().map(|statement| statement.text().to_owned()).collect()
}

fn like(sql_string: &str) -> String {
    match super::parse_ok(&format!("SHOW DATABASES LIKE {sql_string}")) {
        Statement::Show(show) => show.predicates.like.unwrap(),
        other => panic!("{other}"),
    }
}

#[test]
fn scripts_are_cut_at_semicolons_outside_of_strings_names_and_comments() {
    let script = "SELECT ';' ; -- a; b\n /* c; d */ USE `e;f`;;\n  ; SELECT \"g;\\\";h\" -- end";
    assert_eq!(texts(script), ["SELECT ';'", "USE `e;f`", "SELECT \"g;\\\";h\""]);
    assert_eq!(texts(""), [""; 0]);
    assert_eq!(texts(" ; -- x\n ; /* y */"), [""; 0]);
}

#[test]
fn a_statement_keeps_its_inner_comments_and_blanks() {
    assert_eq!(texts("/* a */ USE /* b */\n\t x -- c\n;"), ["USE /* b */\n\t x"]);
}

#[test]
fn statements_know_where_they_start() {
    let statements = split_statements("USE a;\n\n  größe; USE ñ; USE b");
    let places: Vec<Location> = statements.iter().map(crate::SourceStatement::location).collect();
    let expected = [(1, 1), (3, 3), (3, 10), (3, 17)].map(|(line, column)| Location { line, column });
    assert_eq!(places, expected);
}

#[test]
fn errors_count_lines_and_columns_from_the_script_s_start() {
    let statements = split_statements("USE a;\r\n\tUSE 'ü'; USE ü x;");
    let errors: Vec<String> = statements
        .iter()
        .filter_map(|source| parse_statement(source).err())
        .map(|error| error.to_string())
        .collect();
    assert_eq!(errors.len(), 2);
    assert!(
        errors[0].starts_with("line 2, column 6: expected a database name, found the string 'ü'"),
        "{errors:?}"
    );
    assert!(
        errors[1].starts_with("line 2, column 17: expected the end of the statement, found 'x'"),
        "{errors:?}"
    );
}

#[test]
fn a_broken_statement_hides_no_other() {
    let statements = split_statements("USE a; BACKUP what; USE b");
    let outcomes: Vec<bool> = statements.iter().map(|source| parse_statement(source).is_ok()).collect();
    assert_eq!(outcomes, [true, false, true]);
}

#[test]
fn an_unclosed_end_leaves_the_statements_before_it_whole() {
    let cases = [
        ("USE a; USE 'x", "line 1, column 12: the string that starts here is not closed"),
        ("USE a; SELECT \"x", "line 1, column 15: the string that starts here is not closed"),
        ("USE a; USE `x", "line 1, column 12: the quoted name that starts here is not closed"),
        ("USE a; USE x /* y", "line 1, column 18: a comment that starts with /* is not closed"),
        ("USE a; 'x", "line 1, column 8: the string that starts here is not closed"),
    ];
    for (script, message) in cases {
        let statements = split_statements(script);
        assert_eq!(statements.len(), 2, "{script}");
        assert!(parse_statement(&statements[0]).is_ok());
        let error = parse_statement(&statements[1]).unwrap_err().to_string();
        assert_eq!(error.lines().next(), Some(message));
        assert_eq!(statements[1].text(), &script[7..]);
    }
}

#[test]
fn strings_of_either_quotes_resolve_escapes_as_starrocks_does() {
    let cases = [
        (r"'it''s'", "it's"),
        (r#""say ""hi""""#, "say \"hi\""),
        (r#"'a""b'"#, "a\"\"b"),
        (r#""a''b""#, "a''b"),
        (r"'\n\t\r\b\0\Z'", "\n\t\r\u{8}\0\u{1a}"),
        (r"'\a\f\x\q\\'", "afxq\\"),
        (r"'\''", "'"),
        (r#"'\"'"#, "\""),
        (r"'50\% \_'", "50\\% \\_"),
        (r"'\\%'", "\\%"),
        ("'a\nb'", "a\nb"),
        ("''", ""),
    ];
    for (sql, text) in cases {
        assert_eq!(like(sql), text, "{sql}");
        check(&format!("SHOW DATABASES LIKE {sql}"));
    }
}

#[test]
fn a_sharp_is_no_comment() {
    assert!(parse("USE a # b").is_err());
    check_refused_at("USE a # b", "line 1, column 7: expected the end of the statement, found '#'");
}

#[test]
fn dashes_need_no_blank_to_make_a_comment() {
    assert_eq!(texts("USE a --b;c\n; USE d--e"), ["USE a", "USE d"]);
}

#[test]
fn conditional_comments_are_comments() {
    assert_eq!(super::parse_ok("USE /*!40101 x */ a /*+ hint */"), super::parse_ok("USE a"));
}

#[test]
fn quoted_keywords_are_no_keywords() {
    assert!(parse("`USE` a").is_err());
    assert!(parse("BACKUP `SNAPSHOT` s TO r").is_err());
}

#[test]
fn ideographic_spaces_separate() {
    assert_eq!(super::parse_ok("USE\u{3000}a"), super::parse_ok("USE a"));
}

#[test]
fn errors_quote_no_more_than_a_piece_of_the_text() {
    let long = "x".repeat(100);
    check_refused(
        &format!("USE a {long}"),
        &format!("line 1, column 7: expected the end of the statement, found '{}…'", "x".repeat(40)),
    );
}
