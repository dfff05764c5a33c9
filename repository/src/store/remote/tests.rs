//! Which properties make which client, what is refused, and that no secret is ever shown. Nothing is connected to.

use std::collections::BTreeMap;

use super::super::{StoreProvider, SystemStores, check_properties, is_secret_property};
use crate::disk::Disk;
use crate::error::{Error, ErrorKind, Result};
use crate::location::Location;

const S3: &str = "s3://bucket/backups";
const GCS: &str = "gs://bucket/backups";
const AZURE: &str = "abfss://container@account.dfs.core.windows.net/backups";
const SECRET: &str = "aHVudGVyMmh1bnRlcjI=";

type Pairs<'a> = Vec<(&'a str, &'a str)>;

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Opens the store and gives what its debugging form says.
fn open(location: &str, properties: &[(&str, &str)], variables: &[(&str, &str)]) -> Result<String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let stores = SystemStores::new(runtime.handle().clone(), Disk::system()).with_credentials(map(variables));
    let store = stores.open(location, &map(properties))?;
    assert_eq!(store.location(), location);
    Ok(format!("{stores:?} {store:?} {:?}", store.limits()))
}

fn refused(location: &str, properties: &[(&str, &str)], kind: ErrorKind, words: &[&str]) -> Error {
    let error = open(location, properties, &[]).unwrap_err();
    let text = format!("{error} {error:?}");
    assert_eq!(error.kind(), kind, "{text}");
    assert!(words.iter().all(|word| text.contains(word)), "{text}");
    assert!(!text.contains(SECRET), "{text}");
    error
}

#[test]
fn every_way_to_give_credentials_opens_a_store_and_shows_none() {
    let keys = [("aws.s3.access_key", "AKIA"), ("aws.s3.secret_key", SECRET)];
    let with = |more: &[(&'static str, &'static str)]| [&keys[..], more].concat();
    let aws_environment =
        [("AWS_ACCESS_KEY_ID", "AKIA"), ("AWS_SECRET_ACCESS_KEY", SECRET), ("AWS_SESSION_TOKEN", SECRET)];
    let none: &[(&str, &str)] = &[];
    let cases: Vec<(&str, Pairs<'_>, Pairs<'_>)> = vec![
        (S3, with(&[]), vec![]),
        (S3, with(&[("aws.s3.session_token", SECRET), ("aws.s3.region", "eu-central-1")]), vec![]),
        (
            S3,
            with(&[("aws.s3.endpoint", "http://127.0.0.1:9000"), ("aws.s3.checksum_algorithm", "SHA256")]),
            vec![],
        ),
        (
            S3,
            with(&[
                ("aws.s3.endpoint", "minio:9000"),
                ("aws.s3.enable_ssl", "false"),
                ("max_upload_rate", "1MB"),
            ]),
            vec![],
        ),
        (S3, with(&[("aws.s3.use_instance_profile", "false"), ("digest", "blake3")]), vec![]),
        (S3, none.to_vec(), aws_environment.to_vec()),
        (S3, vec![("aws.s3.use_aws_sdk_default_behavior", "true")], aws_environment.to_vec()),
        (S3, vec![("aws.s3.use_instance_profile", "true"), ("aws.s3.region", "us-west-2")], vec![]),
        (
            S3,
            vec![("aws.s3.iam_role_arn", "arn:aws:iam::1:role/r")],
            vec![("AWS_WEB_IDENTITY_TOKEN_FILE", "/no/such")],
        ),
        (S3, none.to_vec(), vec![("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/x")]),
        (
            "s3a://bucket/backups",
            vec![
                ("fs.s3a.access.key", "K"),
                ("fs.s3a.secret.key", SECRET),
                ("fs.s3a.endpoint", "storage.googleapis.com"),
            ],
            vec![],
        ),
        (
            "oss://bucket/backups",
            vec![
                ("fs.oss.accessKeyId", "K"),
                ("fs.oss.accessKeySecret", SECRET),
                ("fs.oss.endpoint", "oss-cn-beijing.aliyuncs.com"),
            ],
            vec![],
        ),
        (AZURE, vec![("azure.adls2.shared_key", SECRET), ("azure.adls2.storage_account", "account")], vec![]),
        (AZURE, vec![("azure.adls2.sas_token", "?sv=2020&sig=aHVudGVyMmh1bnRlcjI%3D")], vec![]),
        (
            AZURE,
            vec![
                ("azure.adls2.oauth2_client_id", "id"),
                ("azure.adls2.oauth2_client_secret", SECRET),
                (
                    "azure.adls2.oauth2_client_endpoint",
                    "https://login.microsoftonline.com/tenant/oauth2/token",
                ),
            ],
            vec![],
        ),
        (
            AZURE,
            vec![("azure.adls2.oauth2_use_managed_identity", "true"), ("azure.adls2.oauth2_tenant_id", "t")],
            vec![],
        ),
        (
            "wasbs://container@account.blob.core.windows.net",
            vec![("azure.blob.shared_key", SECRET), ("azure.blob.container", "container")],
            vec![],
        ),
        (AZURE, none.to_vec(), vec![("AZURE_STORAGE_KEY", SECRET)]),
        (AZURE, none.to_vec(), vec![("AZURE_STORAGE_SAS_TOKEN", "sv=2020&sig=aHVudGVyMmh1bnRlcjI%3D")]),
        (
            AZURE,
            none.to_vec(),
            vec![("AZURE_CLIENT_ID", "i"), ("AZURE_TENANT_ID", "t"), ("AZURE_CLIENT_SECRET", SECRET)],
        ),
        (GCS, vec![("gcp.gcs.endpoint", "http://127.0.0.1:1")], vec![]),
        (GCS, vec![("gcp.gcs.use_compute_engine_service_account", "true")], vec![]),
        ("https://host/backups", vec![("http.user", "me"), ("http.password", SECRET)], vec![]),
        ("http://host:8080", none.to_vec(), vec![]),
        ("memory://name/prefix", vec![("workers", "3"), ("retention", "last=7")], vec![]),
    ];
    for (location, properties, variables) in cases {
        let shown = open(location, &properties, &variables)
            .unwrap_or_else(|e| panic!("{location} {properties:?}: {e}"));
        assert!(!shown.contains(SECRET) && !shown.contains("hunter2"), "{shown}");
    }
}

#[test]
fn missing_and_half_credentials_are_refused_with_what_to_give() {
    refused(
        S3,
        &[],
        ErrorKind::InvalidInput,
        &["aws.s3.access_key", "AWS_ACCESS_KEY_ID", "use_instance_profile", S3],
    );
    refused(
        GCS,
        &[],
        ErrorKind::InvalidInput,
        &["service_account_private_key", "GOOGLE_APPLICATION_CREDENTIALS"],
    );
    refused(AZURE, &[], ErrorKind::InvalidInput, &["azure.blob.shared_key", "AZURE_STORAGE_KEY"]);
    refused(
        S3,
        &[("aws.s3.access_key", "AKIA")],
        ErrorKind::InvalidInput,
        &["'aws.s3.access_key' needs 'aws.s3.secret_key'"],
    );
    refused(
        S3,
        &[("aws.s3.session_token", SECRET)],
        ErrorKind::InvalidInput,
        &["aws.s3.session_token", "aws.s3.access_key"],
    );
    refused(
        "oss://b/x",
        &[("fs.oss.accessKeyId", "K"), ("fs.oss.accessKeySecret", SECRET)],
        ErrorKind::InvalidInput,
        &["fs.oss.endpoint"],
    );
    refused("https://h/x", &[("http.password", SECRET)], ErrorKind::InvalidInput, &["http.user"]);
    refused(
        AZURE,
        &[("azure.adls2.oauth2_client_id", "i"), ("azure.adls2.oauth2_client_secret", SECRET)],
        ErrorKind::InvalidInput,
        &["oauth2_tenant_id"],
    );
}

#[test]
fn what_cannot_be_done_is_refused_by_name() {
    let keys = [("aws.s3.access_key", "AKIA"), ("aws.s3.secret_key", SECRET)];
    let role = [&keys[..], &[("aws.s3.iam_role_arn", "arn:x")]].concat();
    refused(S3, &role, ErrorKind::Unsupported, &["aws.s3.iam_role_arn", "AWS_WEB_IDENTITY_TOKEN_FILE"]);
    let instance = [("aws.s3.use_instance_profile", "true"), ("aws.s3.iam_role_arn", "arn:x")];
    refused(S3, &instance, ErrorKind::Unsupported, &["aws.s3.iam_role_arn"]);
    refused(
        GCS,
        &[("gcp.gcs.impersonation_service_account", "x")],
        ErrorKind::Unsupported,
        &["impersonation"],
    );
    refused("hdfs://host/x", &[], ErrorKind::Unsupported, &["hdfs"]);
}

#[test]
fn unknown_properties_and_wrong_values_are_refused_by_name() {
    refused(
        S3,
        &[("aws.s3.acces_key", SECRET)],
        ErrorKind::InvalidInput,
        &["'aws.s3.acces_key'", "aws.s3.access_key", "workers"],
    );
    refused(S3, &[("gcp.gcs.endpoint", "x")], ErrorKind::InvalidInput, &["gcp.gcs.endpoint"]);
    refused("memory://x", &[("max_retries", "1")], ErrorKind::InvalidInput, &["max_retries", "memory"]);
    for (name, value) in [
        ("request_timeout", "0"),
        ("request_timeout", "soon"),
        ("connect_timeout", "-1s"),
        ("max_retries", "many"),
        ("retry_timeout", "5h"),
        ("aws.s3.use_instance_profile", "yes"),
        ("aws.s3.checksum_algorithm", "md5"),
        ("max_upload_rate", "fast"),
        ("workers", "1000"),
    ] {
        refused(S3, &[(name, value)], ErrorKind::InvalidInput, &[name]);
        assert!(check_properties(&Location::parse(S3).unwrap(), &map(&[(name, value)])).is_err());
    }
    let keys = [("aws.s3.access_key", "AKIA"), ("aws.s3.secret_key", SECRET)];
    for (name, value) in [
        ("aws.s3.endpoint", "ftp://host"),
        ("aws.s3.endpoint", "https://me:aHVudGVyMmh1bnRlcjI=@host"),
        ("aws.s3.endpoint", "me:aHVudGVyMmh1bnRlcjI=@host"),
        ("aws.s3.endpoint", "http://aHVudGVyMmh1bnRlcjI=@host"),
        ("aws.s3.endpoint", "https://host?aHVudGVyMmh1bnRlcjI="),
        ("aws.s3.region", "no region"),
    ] {
        refused(S3, &[&keys[..], &[(name, value)]].concat(), ErrorKind::InvalidInput, &[name]);
    }
    for variables in [
        [("AWS_ENDPOINT_URL", "http://me:aHVudGVyMmh1bnRlcjI=@host")],
        [("AWS_ENDPOINT_URL", "me:aHVudGVyMmh1bnRlcjI=@host")],
    ] {
        let error = open(S3, &keys, &variables).unwrap_err().to_string();
        assert!(error.contains("AWS_ENDPOINT_URL") && !error.contains(SECRET), "{error}");
    }
    refused(
        S3,
        &[&keys[..], &[("aws.s3.endpoint", "http://host"), ("aws.s3.enable_ssl", "true")]].concat(),
        ErrorKind::InvalidInput,
        &["aws.s3.endpoint", "TLS"],
    );
    let two = [&keys[..], &[("fs.s3a.secret.key", "another")]].concat();
    refused(S3, &two, ErrorKind::InvalidInput, &["aws.s3.secret_key", "fs.s3a.secret.key"]);
    refused(
        AZURE,
        &[("azure.blob.shared_key", "not base64!")],
        ErrorKind::InvalidInput,
        &["azure.blob.shared_key"],
    );
    refused(
        AZURE,
        &[("azure.blob.storage_account", "other"), ("azure.blob.shared_key", SECRET)],
        ErrorKind::InvalidInput,
        &["azure.blob.storage_account", "account"],
    );
    let account = [("gcp.gcs.service_account_email", "a@b"), ("gcp.gcs.service_account_private_key", SECRET)];
    refused(GCS, &account, ErrorKind::InvalidInput, &["gcp.gcs.service_account_private_key"]);
}

#[test]
fn keys_that_are_given_are_not_mixed_with_the_environment() {
    // A session token of the environment would make the given keys those of nobody.
    let keys = [("aws.s3.access_key", "AKIA"), ("aws.s3.secret_key", SECRET)];
    open(S3, &keys, &[("AWS_SESSION_TOKEN", "other"), ("AWS_ACCESS_KEY_ID", "other")]).unwrap();
    // Half of a pair is no credential.
    assert!(open(S3, &[], &[("AWS_ACCESS_KEY_ID", "AKIA")]).is_err());
    assert!(open(S3, &[], &[("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")]).is_err());
}

#[test]
fn one_memory_belongs_to_one_name_of_one_provider() {
    use bytes::Bytes;
    use cairn_format::ObjectKey;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let stores = SystemStores::new(runtime.handle().clone(), Disk::system());
    let store = |stores: &SystemStores, location: &str| stores.open(location, &BTreeMap::new()).unwrap();
    let _ = store(&stores, "memory://a/x").put_create(&ObjectKey::Descriptor, Bytes::new()).unwrap();
    let there = |stores: &SystemStores, location: &str| {
        store(stores, location).head(&ObjectKey::Descriptor).unwrap().is_some()
    };
    assert!(there(&stores.clone(), "memory://a/x/"));
    assert!(!there(&stores, "memory://a") && !there(&stores, "memory://b/x"));
    assert!(!there(&SystemStores::new(runtime.handle().clone(), Disk::system()), "memory://a/x"));
}

#[test]
fn secrets_are_known_by_name() {
    for secret in [
        "aws.s3.secret_key",
        "AWS.S3.SECRET_KEY",
        "aws.s3.session_token",
        "fs.s3a.secret.key",
        "fs.oss.accessKeySecret",
        "azure.blob.shared_key",
        "azure.adls2.sas_token",
        "azure.blob.oauth2_client_secret",
        "gcp.gcs.service_account_private_key",
        "http.password",
        "some.unknown.secret",
        "password",
    ] {
        assert!(is_secret_property(secret), "{secret}");
    }
    for open in [
        "aws.s3.access_key",
        "aws.s3.endpoint",
        "gcp.gcs.service_account_private_key_id",
        "digest",
        "workers",
    ] {
        assert!(!is_secret_property(open), "{open}");
    }
}
