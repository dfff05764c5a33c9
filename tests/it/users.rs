//! Statements are a user's.

use crate::support::Place;

#[test]
fn statements_are_run_as_who_proves_to_be_the_user() {
    let place = Place::new();
    let setup = "CREATE DATABASE d; CREATE TABLE d.t (a INT); CREATE TABLE d.u (a INT);
                 CREATE USER reader IDENTIFIED BY 'sesame'; GRANT SELECT ON d.t TO reader; SET PASSWORD = PASSWORD('open')";
    assert_eq!(place.sql("a", setup).code, Some(0));
    place.write("root", "open\n");
    place.write("reader", "sesame");
    let run = |user: &[&str], statement: &str| {
        place.cairn([&["sql", "--data", "a", "--format", "csv", "-e", statement], user].concat())
    };
    let reader = ["--user", "reader", "--password-file", "reader"];
    let shown = run(&reader, "SHOW TABLES FROM d");
    assert_eq!((shown.code, shown.out.as_str()), (Some(0), "Tables_in_d\nt\n"), "{shown:?}");
    let denied = run(&reader, "SELECT * FROM d.u");
    assert_eq!(denied.code, Some(1));
    assert!(denied.err.contains("the SELECT privilege(s) on TABLE u"), "{denied:?}");
    for (user, expected) in [
        (&[][..], "Access denied for user 'root'@'localhost' (using password: NO)"),
        (&["--password-file", "reader"], "Access denied for user 'root'@'localhost' (using password: YES)"),
        (&["--user", "nobody"], "Access denied for user 'nobody'@'localhost' (using password: NO)"),
        (&["--user", "reader", "--password-file", "none"], "cannot read the password in none"),
    ] {
        for statement in ["SHOW DATABASES", "--check"] {
            let arguments = if statement == "--check" {
                [&["sql", "--data", "a", "--check", "-e", "SHOW DATABASES"], user].concat()
            } else {
                [&["sql", "--data", "a", "-e", statement], user].concat()
            };
            let wrong = place.cairn(arguments);
            assert_eq!((wrong.code, wrong.out.as_str()), (Some(1), ""), "{wrong:?}");
            assert!(wrong.err.contains(expected) && !wrong.err.contains("sesame"), "{wrong:?}");
        }
    }
    assert_eq!(run(&["--password-file", "root"], "SELECT * FROM d.u").code, Some(0));
    let checked =
        place.cairn(["sql", "--data", "a", "--check", "-e", "DROP TABLE d.t"].iter().chain(&reader));
    assert_eq!(checked.code, Some(1));
    assert!(checked.out.starts_with("analysis error: Access denied"), "{checked:?}");
}

#[test]
fn the_password_may_come_from_the_environment() {
    let place = Place::new();
    assert_eq!(place.sql("a", "CREATE USER u IDENTIFIED BY 'sesame'").code, Some(0));
    let with = |password: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cairn"));
        let data = place.text("a");
        command.args(["sql", "--data", &data, "--user", "u", "-e", "SHOW DATABASES"]);
        command.env("CAIRN_PASSWORD", password).output().unwrap().status.code()
    };
    assert_eq!((with("sesame"), with("other")), (Some(0), Some(1)));
}
