//! Locations and endpoints as they may be shown.

/// Schemes whose URLs name a container where others name a user.
const WITH_CONTAINERS: [&str; 4] = ["abfs", "abfss", "wasb", "wasbs"];

/// A location or an endpoint without what may be a secret: who uses it, a password, a query and a fragment are `…`. Texts
/// that have none of them, and paths, are as they were.
pub fn without_secrets(text: &str) -> String {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None if text.starts_with('/') => return text.to_owned(),
        None => (String::new(), text),
    };
    let is_path = scheme.eq_ignore_ascii_case("file://") && rest.starts_with('/');
    // A password may hold any character, those that end it elsewhere too.
    let (user, rest) = match rest.rsplit_once('@').filter(|_| !is_path) {
        Some((user, host)) if is_container(&scheme, user) => (format!("{user}@"), host),
        Some((_, host)) => ("…@".to_owned(), host),
        None => (String::new(), rest),
    };
    match rest.find(['?', '#']).filter(|_| !scheme.is_empty()) {
        Some(end) => format!("{scheme}{user}{}…", &rest[..=end]),
        None => format!("{scheme}{user}{rest}"),
    }
}

/// Whether a property's value holds what opens something: a URL with a user, a password or a query, or a text that names a
/// password.
pub fn is_secret_value(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let names_one = ["password=", "pwd=", "secret=", "token="].iter().any(|word| lower.contains(word));
    // `jdbc:oracle:thin:user/password@//host`, but not `jdbc:oracle:thin:@//host`.
    let has_user = lower.starts_with("jdbc:") && text.contains('@') && !text.contains(":@");
    names_one || has_user || (text.contains("://") && without_secrets(text) != text)
}

fn is_container(scheme: &str, name: &str) -> bool {
    let scheme = scheme.trim_end_matches("://");
    WITH_CONTAINERS.iter().any(|known| known.eq_ignore_ascii_case(scheme))
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_$.".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_open_something_are_secrets() {
        for secret in [
            "jdbc:mysql://u:p@h:3306",
            "jdbc:postgresql://h/d?user=u",
            "jdbc:oracle:thin:u/p@//h:1521/s",
            "jdbc:sqlserver://h;user=u;Password=p",
            "https://h/x?sig=y",
        ] {
            assert!(is_secret_value(secret), "{secret}");
        }
        for open in [
            "hive",
            "thrift://h:9083",
            "jdbc:oracle:thin:@//h:1521/s",
            "jdbc:mysql://h:3306",
            "hive/h@REALM.COM",
            "true",
        ] {
            assert!(!is_secret_value(open), "{open}");
        }
    }

    #[test]
    fn secrets_are_left_out_wherever_they_are() {
        for (text, shown) in [
            ("s3://bucket/a b", "s3://bucket/a b"),
            ("/srv/me@home/x?y", "/srv/me@home/x?y"),
            ("file:///srv/me@home/x", "file:///srv/me@home/x"),
            ("minio:9000", "minio:9000"),
            ("s3://AKIA:hunter2@bucket/x", "s3://…@bucket/x"),
            ("s3://AKIA:hun/ter?2#@bucket/x", "s3://…@bucket/x"),
            ("AKIA:hunter2@minio:9000", "…@minio:9000"),
            ("https://hunter2@host/x", "https://…@host/x"),
            ("https://host/x?sig=hunter2", "https://host/x?…"),
            ("gs://bucket/x#hunter2", "gs://bucket/x#…"),
            ("abfss://c@account.dfs.x/p?sig=hunter2", "abfss://c@account.dfs.x/p?…"),
            ("ABFSS://c:hunter2@account.dfs.x/p", "ABFSS://…@account.dfs.x/p"),
        ] {
            assert_eq!(without_secrets(text), shown);
        }
    }
}
