//! The properties of locations: StarRocks' names, what they set, and which of them are secrets.
//!
//! `spec/locations.md` lists them too; a test compares the two.

use std::collections::BTreeMap;
use std::time::Duration;

use super::limits::RateLimits;
use super::remote::DEFAULT_MAX_RETRIES;
use crate::error::{Error, ErrorKind, Result};
use crate::location::{Location, LocationKind};
use crate::shown::without_secrets;

/// Properties of a repository that are not its store's; who opens the repository reads them.
const REPOSITORY_PROPERTIES: [&str; 3] = ["bundle_size", "digest", "retention"];

/// What a property sets, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Setting {
    AccessKey,
    SecretKey,
    SessionToken,
    Endpoint,
    Region,
    InstanceProfile,
    EnvironmentCredentials,
    Ssl,
    PathStyle,
    RoleArn,
    ChecksumAlgorithm,
    StorageAccount,
    Container,
    SasToken,
    ClientId,
    ClientSecret,
    TenantId,
    ClientEndpoint,
    ManagedIdentity,
    ServiceAccountEmail,
    ServiceAccountKeyId,
    ServiceAccountKey,
    Impersonation,
    User,
    Password,
    RequestTimeout,
    ConnectTimeout,
    MaxRetries,
    RetryTimeout,
}

struct Property {
    name: &'static str,
    setting: Setting,
    /// `None`: of every kind that is in a network.
    kind: Option<LocationKind>,
}

const fn property(kind: LocationKind, name: &'static str, setting: Setting) -> Property {
    Property { name, setting, kind: Some(kind) }
}

const fn common(name: &'static str, setting: Setting) -> Property {
    Property { name, setting, kind: None }
}

const PROPERTIES: &[Property] = {
    use LocationKind::{Azure, Gcs, Http, S3};
    use Setting as To;
    &[
        property(S3, "aws.s3.access_key", To::AccessKey),
        property(S3, "aws.s3.secret_key", To::SecretKey),
        property(S3, "aws.s3.session_token", To::SessionToken),
        property(S3, "aws.s3.endpoint", To::Endpoint),
        property(S3, "aws.s3.region", To::Region),
        property(S3, "aws.s3.use_instance_profile", To::InstanceProfile),
        property(S3, "aws.s3.use_aws_sdk_default_behavior", To::EnvironmentCredentials),
        property(S3, "aws.s3.enable_ssl", To::Ssl),
        property(S3, "aws.s3.enable_path_style_access", To::PathStyle),
        property(S3, "aws.s3.iam_role_arn", To::RoleArn),
        property(S3, "aws.s3.checksum_algorithm", To::ChecksumAlgorithm),
        property(S3, "fs.s3a.access.key", To::AccessKey),
        property(S3, "fs.s3a.secret.key", To::SecretKey),
        property(S3, "fs.s3a.session.token", To::SessionToken),
        property(S3, "fs.s3a.endpoint", To::Endpoint),
        property(S3, "fs.s3a.endpoint.region", To::Region),
        property(S3, "fs.s3a.connection.ssl.enabled", To::Ssl),
        property(S3, "fs.s3a.path.style.access", To::PathStyle),
        property(S3, "fs.oss.accessKeyId", To::AccessKey),
        property(S3, "fs.oss.accessKeySecret", To::SecretKey),
        property(S3, "fs.oss.endpoint", To::Endpoint),
        property(Azure, "azure.blob.storage_account", To::StorageAccount),
        property(Azure, "azure.blob.shared_key", To::SecretKey),
        property(Azure, "azure.blob.sas_token", To::SasToken),
        property(Azure, "azure.blob.container", To::Container),
        property(Azure, "azure.blob.endpoint", To::Endpoint),
        property(Azure, "azure.blob.oauth2_use_managed_identity", To::ManagedIdentity),
        property(Azure, "azure.blob.oauth2_client_id", To::ClientId),
        property(Azure, "azure.blob.oauth2_client_secret", To::ClientSecret),
        property(Azure, "azure.blob.oauth2_tenant_id", To::TenantId),
        property(Azure, "azure.blob.oauth2_client_endpoint", To::ClientEndpoint),
        property(Azure, "azure.adls2.storage_account", To::StorageAccount),
        property(Azure, "azure.adls2.shared_key", To::SecretKey),
        property(Azure, "azure.adls2.sas_token", To::SasToken),
        property(Azure, "azure.adls2.endpoint", To::Endpoint),
        property(Azure, "azure.adls2.oauth2_use_managed_identity", To::ManagedIdentity),
        property(Azure, "azure.adls2.oauth2_client_id", To::ClientId),
        property(Azure, "azure.adls2.oauth2_client_secret", To::ClientSecret),
        property(Azure, "azure.adls2.oauth2_tenant_id", To::TenantId),
        property(Azure, "azure.adls2.oauth2_client_endpoint", To::ClientEndpoint),
        property(Gcs, "gcp.gcs.service_account_email", To::ServiceAccountEmail),
        property(Gcs, "gcp.gcs.service_account_private_key_id", To::ServiceAccountKeyId),
        property(Gcs, "gcp.gcs.service_account_private_key", To::ServiceAccountKey),
        property(Gcs, "gcp.gcs.use_compute_engine_service_account", To::InstanceProfile),
        property(Gcs, "gcp.gcs.impersonation_service_account", To::Impersonation),
        property(Gcs, "gcp.gcs.endpoint", To::Endpoint),
        property(Http, "http.user", To::User),
        property(Http, "http.password", To::Password),
        common("request_timeout", To::RequestTimeout),
        common("connect_timeout", To::ConnectTimeout),
        common("max_retries", To::MaxRetries),
        common("retry_timeout", To::RetryTimeout),
    ]
};

impl Setting {
    /// Whether whoever has the value gets in.
    fn is_secret(self) -> bool {
        use Setting as S;
        matches!(
            self,
            S::SecretKey
                | S::SessionToken
                | S::SasToken
                | S::ClientSecret
                | S::ServiceAccountKey
                | S::Password
        )
    }
}

impl Property {
    fn applies_to(&self, kind: LocationKind) -> bool {
        match self.kind {
            Some(own) => own == kind,
            None => !matches!(kind, LocationKind::Directory | LocationKind::Memory),
        }
    }
}

/// Whether the value of a property of this name must never be shown. Names that no location knows count when they
/// look like those that do.
pub fn is_secret_property(name: &str) -> bool {
    let known = PROPERTIES.iter().find(|property| property.name.eq_ignore_ascii_case(name));
    known.map_or_else(
        || {
            let name = name.to_ascii_lowercase();
            ["secret", "password", "token", "key"].iter().any(|word| name.contains(word))
        },
        |property| property.setting.is_secret(),
    )
}

/// Checks the properties of a repository at `location` as far as that goes without opening it.
///
/// # Errors
/// `InvalidInput` for a property that is unknown at such a location, naming it and those that are known, and for a
/// value that is none; `Unsupported` for what the location's store could do but this program does not.
pub fn check_properties(location: &Location, properties: &BTreeMap<String, String>) -> Result<()> {
    RateLimits::from_properties(properties)?;
    Settings::read(location.kind(), properties).map(|_| ())
}

/// The values of a location's properties.
#[derive(Default)]
pub(super) struct Settings<'a> {
    values: BTreeMap<Setting, (&'a str, &'a str)>,
}

impl<'a> Settings<'a> {
    pub(super) fn read(kind: LocationKind, properties: &'a BTreeMap<String, String>) -> Result<Self> {
        let mut settings = Self::default();
        for (name, value) in properties {
            if RateLimits::is_property(name) || REPOSITORY_PROPERTIES.contains(&name.as_str()) {
                continue;
            }
            let known = PROPERTIES.iter().find(|known| known.name == name && known.applies_to(kind));
            let Some(known) = known else { return Err(unknown(name, kind)) };
            if let Some((other, _)) = settings.values.insert(known.setting, (name, value.trim()))
                && properties.get(other) != Some(value)
            {
                let message =
                    format!("properties '{other}' and '{name}' set the same to different values: give one");
                return Err(Error::invalid(message));
            }
        }
        settings.check()?;
        Ok(settings)
    }

    /// The value, when there is one that is not empty.
    pub(super) fn text(&self, setting: Setting) -> Option<&'a str> {
        self.values.get(&setting).map(|(_, value)| *value).filter(|value| !value.is_empty())
    }

    /// The name that a setting was given under.
    pub(super) fn name(&self, setting: Setting) -> &'a str {
        self.values.get(&setting).map_or("", |(name, _)| name)
    }

    pub(super) fn flag(&self, setting: Setting) -> Result<Option<bool>> {
        let Some(value) = self.text(setting) else { return Ok(None) };
        match value.to_ascii_lowercase().as_str() {
            "true" => Ok(Some(true)),
            "false" => Ok(Some(false)),
            _ => Err(self.wrong(setting, "give \"true\" or \"false\"")),
        }
    }

    pub(super) fn is_on(&self, setting: Setting) -> bool {
        self.flag(setting).ok().flatten() == Some(true)
    }

    /// `30s`, `500ms`, `2m`, or seconds.
    pub(super) fn duration(&self, setting: Setting) -> Result<Option<Duration>> {
        let Some(value) = self.text(setting) else { return Ok(None) };
        let digits = value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len());
        let (number, unit) = value.split_at(digits);
        let scale = match unit.trim() {
            "ms" => Some(1),
            "" | "s" => Some(1000),
            "m" | "min" => Some(60_000),
            _ => None,
        };
        let millis = number.parse::<u32>().ok().zip(scale).map(|(number, scale)| u64::from(number) * scale);
        match millis {
            Some(millis) if millis > 0 => Ok(Some(Duration::from_millis(millis))),
            _ => Err(self.wrong(setting, "give a time such as \"500ms\", \"30s\" or \"2m\"")),
        }
    }

    pub(super) fn number(&self, setting: Setting) -> Result<Option<usize>> {
        let Some(value) = self.text(setting) else { return Ok(None) };
        value.parse().map(Some).map_err(|_| self.wrong(setting, "give a number"))
    }

    /// How often a request is sent again.
    pub(super) fn max_retries(&self) -> Result<usize> {
        Ok(self.number(Setting::MaxRetries)?.unwrap_or(DEFAULT_MAX_RETRIES))
    }

    /// An error about the value of a setting, of which it shows what is no secret.
    pub(super) fn wrong(&self, setting: Setting, advice: &str) -> Error {
        let (name, value) = self.values.get(&setting).copied().unwrap_or_default();
        let value = if setting.is_secret() {
            "its value".to_owned()
        } else {
            format!("'{}'", without_secrets(value))
        };
        Error::invalid(format!("property '{name}': {value} cannot be used; {advice}"))
    }

    fn check(&self) -> Result<()> {
        use Setting as S;
        for flag in [S::InstanceProfile, S::EnvironmentCredentials, S::Ssl, S::PathStyle, S::ManagedIdentity]
        {
            self.flag(flag)?;
        }
        for duration in [S::RequestTimeout, S::ConnectTimeout, S::RetryTimeout] {
            self.duration(duration)?;
        }
        self.number(S::MaxRetries)?;
        if let Some(algorithm) = self.text(S::ChecksumAlgorithm)
            && !["none", "sha256"].contains(&algorithm.to_ascii_lowercase().as_str())
        {
            return Err(self.wrong(S::ChecksumAlgorithm, "give \"sha256\" or \"none\""));
        }
        if self.text(S::Impersonation).is_some() {
            let message = format!(
                "property '{}': impersonating an account is not supported; give the key of that account",
                self.name(S::Impersonation)
            );
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        for (one, other) in [
            (S::AccessKey, S::SecretKey),
            (S::SessionToken, S::AccessKey),
            (S::ServiceAccountEmail, S::ServiceAccountKey),
            (S::ServiceAccountKey, S::ServiceAccountEmail),
            (S::ClientSecret, S::ClientId),
            (S::Password, S::User),
        ] {
            if self.text(one).is_some() && self.text(other).is_none() {
                let wanted = PROPERTIES.iter().find(|property| {
                    property.setting == other && family(property.name) == family(self.name(one))
                });
                let wanted = wanted.map_or("its counterpart", |property| property.name);
                let message = format!("property '{}' needs '{wanted}' beside it", self.name(one));
                return Err(Error::invalid(message));
            }
        }
        Ok(())
    }
}

/// `fs.s3a` of `fs.s3a.access.key`.
fn family(name: &str) -> &str {
    name.match_indices('.').nth(1).map_or(name.split('.').next().unwrap_or(name), |(at, _)| &name[..at])
}

fn unknown(name: &str, kind: LocationKind) -> Error {
    let known: Vec<_> =
        PROPERTIES.iter().filter(|property| property.applies_to(kind)).map(|p| p.name).collect();
    let own = [
        "bundle_size, digest, retention, max_upload_rate, max_download_rate, max_requests_per_second and workers"
            .to_owned(),
    ];
    let list: Vec<_> = known.iter().map(ToString::to_string).chain(own).collect();
    let message =
        format!("unknown property '{name}' of a repository in {kind}; known are {}", list.join(", "));
    Error::invalid(message)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::remote;
    use super::*;

    const SPEC: &str = include_str!("../../../spec/locations.md");

    /// The cells of rows whose first is code.
    fn rows(section: &str) -> Vec<Vec<&str>> {
        let after = SPEC.split_once(&format!("\n## {section}\n")).unwrap().1;
        let text = after.split("\n## ").next().unwrap();
        text.lines()
            .filter(|line| line.starts_with("| `"))
            .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
            .collect()
    }

    #[test]
    fn the_specification_lists_every_property() {
        let rows = rows("Properties");
        let spec: BTreeSet<_> = rows
            .iter()
            .filter(|cells| cells.len() == 5)
            .map(|cells| (cells[0].trim_matches('`'), cells[1], cells[2] == "secret"))
            .collect();
        let code: BTreeSet<_> = PROPERTIES
            .iter()
            .map(|property| {
                let kind = match property.kind {
                    Some(LocationKind::S3) => "S3",
                    Some(LocationKind::Gcs) => "GCS",
                    Some(LocationKind::Azure) => "Azure",
                    Some(LocationKind::Http) => "HTTP",
                    None => "network",
                    Some(other) => panic!("{other} has properties"),
                };
                (property.name, kind, property.setting.is_secret())
            })
            .collect();
        assert_eq!(spec, code);
        let limits: Vec<_> =
            rows.iter().filter(|cells| cells.len() == 3).map(|cells| cells[0].trim_matches('`')).collect();
        assert_eq!(limits.len(), 4);
        assert!(limits.iter().all(|name| RateLimits::is_property(name)));
        for own in REPOSITORY_PROPERTIES {
            assert!(SPEC.contains(&format!("`{own}`")), "{own}");
        }
        for (name, default) in [
            ("request_timeout", format!("{}s", remote::DEFAULT_REQUEST_TIMEOUT.as_secs())),
            ("connect_timeout", format!("{}s", remote::DEFAULT_CONNECT_TIMEOUT.as_secs())),
            ("retry_timeout", format!("{}s", remote::DEFAULT_RETRY_TIMEOUT.as_secs())),
            ("max_retries", remote::DEFAULT_MAX_RETRIES.to_string()),
        ] {
            let row = rows.iter().find(|cells| cells[0] == format!("`{name}`")).unwrap();
            assert_eq!(row[3], format!("`{default}`"), "{name}");
        }
    }

    #[test]
    fn the_specification_lists_every_variable() {
        let spec: BTreeSet<_> = SPEC
            .split('`')
            .filter(|word| ["AWS_", "AZURE_", "GOOGLE_"].iter().any(|prefix| word.starts_with(prefix)))
            .collect();
        assert_eq!(spec, remote::CREDENTIAL_VARIABLES.into_iter().collect());
    }

    #[test]
    fn the_specification_lists_every_scheme() {
        for cells in rows("Schemes").iter().filter(|cells| cells.len() == 4) {
            let sample = cells[2].split('`').rfind(|word| word.contains("://"));
            if let Some(sample) = sample.filter(|sample| !sample.starts_with("file")) {
                let kind = Location::parse(sample).unwrap().kind();
                let expected = match cells[1] {
                    "S3" => LocationKind::S3,
                    "GCS" => LocationKind::Gcs,
                    "Azure" => LocationKind::Azure,
                    "HTTP" => LocationKind::Http,
                    "memory" => LocationKind::Memory,
                    other => panic!("{other}"),
                };
                assert_eq!(kind, expected, "{sample}");
            }
        }
    }
}
