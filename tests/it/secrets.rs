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
        "SELECT * FROM FILES('path' = 's3://b/x', 'format' = 'parquet', 'aws.s3.secret_key' = 'sesame')",
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
