//! What is secret in a statement is shown nowhere.

use crate::support::Place;

const HIDDEN: &str = "sesame";

#[test]
fn errors_do_not_show_secrets() {
    let place = Place::new();
    for statement in [
        "CREATE REPOSITORY r WITH BROKER ON LOCATION 'nonsense://x' PROPERTIES ('aws.s3.secret_key' = 'sesame')",
        "CREATE REPOSITORY r WITH BROKER ON LOCATION '/tmp/x' PROPERTIES ('aws.s3.secret_key' = 'sesame')",
        "ALTER REPOSITORY r SET ('azure.blob.sas_token' = 'sesame')",
        "CREATE REPOSITORY r WITH BROKER ON LOCATION 's3://b/x' PROPERTIES ('aws.s3.secret_key' 'sesame')",
        "CREATE REPOSITORY r WITH BROKER ON LOCATION 's3://b/x' PROPERTIES ('aws.s3.secret_key' = 'sesame",
        "CREATE REPOSITORY r WITH BROKER ON LOCATION 's3://b/x'
         PROPERTIES ('aws.s3.secret_key' = 'sesame', 'aws.s3.secret_key' = 'sesame')",
        "CREATE REPOSITORY r WITH BROKER ON LOCATION 's3://AKIA:sesame@b/x'",
        "CREATE REPOSITORY r WITH BROKER ON LOCATION 'abfss://c@acc.dfs.core.windows.net/x?sv=2020&sig=sesame'",
        "CREATE REPOSITORY 's3://AKIA:sesame@b/x'",
        "SELECT * FROM FILES('path' = 's3://b/x', 'format' = 'parquet', 'aws.s3.secret_key' = 'sesame')",
        "CREATE USER root IDENTIFIED BY 'sesame'",
        "CREATE USER u IDENTIFIED WITH ldap BY 'sesame'",
        "CREATE USER u IDENTIFIED 'sesame'",
        "CREATE USER u IDENTIFIED BY PASSWORD 'sesame'",
        "ALTER USER nobody IDENTIFIED BY 'sesame'",
        "SET PASSWORD FOR nobody = PASSWORD('sesame')",
        "SET PASSWORD = 'sesame'",
        "SET PASSWORD 'sesame'",
    ] {
        place.write("script.sql", statement);
        for arguments in [
            &["sql", "--data", "a", "-e", statement][..],
            &["sql", "--data", "a", "script.sql"],
            &["sql", "--data", "a", "--check", "script.sql"],
        ] {
            let run = place.cairn(arguments);
            assert_eq!(run.code, Some(1), "{run:?}");
            assert!(!run.err.contains(HIDDEN) && !run.out.contains(HIDDEN), "{run:?}");
        }
    }
}

#[test]
fn what_is_wrong_with_a_property_is_said_without_its_secrets() {
    let place = Place::new();
    for endpoint in ["http://u:sesame@127.0.0.1:9", "u:sesame@127.0.0.1:9", "http://127.0.0.1:9/?sesame"] {
        let run = place.sql(
            "a",
            &format!(
                "CREATE REPOSITORY r WITH BROKER ON LOCATION 's3://b/x' PROPERTIES (
                 'aws.s3.access_key' = 'k', 'aws.s3.secret_key' = 'sesame', 'aws.s3.endpoint' = '{endpoint}')"
            ),
        );
        assert_eq!(run.code, Some(1), "{run:?}");
        assert!(run.err.contains("aws.s3.endpoint") && !run.err.contains(HIDDEN), "{run:?}");
        let endpoint = format!("aws.s3.endpoint={endpoint}");
        let keys = ["--property", "aws.s3.access_key=k", "--property", "aws.s3.secret_key=sesame"];
        let run = place.cairn([&["snapshots", "s3://b/x", "--property", &endpoint][..], &keys].concat());
        assert_eq!(run.code, Some(1), "{run:?}");
        assert!(run.err.contains("aws.s3.endpoint") && !run.err.contains(HIDDEN), "{run:?}");
    }
}
