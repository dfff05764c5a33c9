//! Clients of object stores in a network.

mod azure;
mod gcs;
mod http;
mod s3;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ClientOptions, HeaderValue, ObjectStore, RetryConfig};
use url::Url;

use super::counts::DELETES_PER_REQUEST;
use super::settings::{Setting, Settings};
use crate::error::{Error, ErrorKind, Result};
use crate::location::{Location, LocationKind};

/// A request takes at most this long, its body included.
pub(super) const DEFAULT_REQUEST_TIMEOUT: Duration = Duration::from_mins(1);
/// A server that is there answers long before that.
pub(super) const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// So often a request is sent again, and so long, whichever ends first.
pub(super) const DEFAULT_MAX_RETRIES: usize = 10;
pub(super) const DEFAULT_RETRY_TIMEOUT: Duration = Duration::from_mins(3);

/// Environment variables that credentials and the place of a server may come from.
///
/// This crate reads none: whoever makes a provider hands them in.
pub const CREDENTIAL_VARIABLES: [&str; 27] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_STS",
    "AWS_REGION",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AZURE_AUTHORITY_HOST",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_STORAGE_ACCOUNT_KEY",
    "AZURE_STORAGE_ENDPOINT",
    "AZURE_STORAGE_KEY",
    "AZURE_STORAGE_SAS_TOKEN",
    "AZURE_TENANT_ID",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_SERVICE_ACCOUNT",
    "GOOGLE_SERVICE_ACCOUNT_KEY",
    "GOOGLE_SERVICE_ACCOUNT_PATH",
];

/// What a client is made of.
struct Wanted<'a> {
    location: &'a Location,
    settings: &'a Settings<'a>,
    environment: &'a BTreeMap<String, String>,
}

/// The objects of a location in a network, by keys below its prefix.
pub(super) fn connect(
    location: &Location,
    settings: &Settings<'_>,
    environment: &BTreeMap<String, String>,
) -> Result<Arc<dyn ObjectStore>> {
    let wanted = Wanted { location, settings, environment };
    let objects: Arc<dyn ObjectStore> = match location.kind() {
        LocationKind::S3 => Arc::new(s3::connect(&wanted)?),
        LocationKind::Gcs => Arc::new(gcs::connect(&wanted)?),
        LocationKind::Azure => Arc::new(azure::connect(&wanted)?),
        LocationKind::Http => Arc::new(http::connect(&wanted)?),
        LocationKind::Directory | LocationKind::Memory => {
            return Err(Error::invalid(format!("{location} is in no network")));
        }
    };
    below(objects, location)
}

/// Objects that one request deletes at most.
pub(super) fn deletes_per_request(kind: LocationKind) -> usize {
    match kind {
        LocationKind::Azure => 256,
        LocationKind::Gcs | LocationKind::Http => 1,
        LocationKind::S3 | LocationKind::Directory | LocationKind::Memory => DELETES_PER_REQUEST,
    }
}

/// The objects below the prefix of a location.
pub(super) fn below(objects: Arc<dyn ObjectStore>, location: &Location) -> Result<Arc<dyn ObjectStore>> {
    if location.prefix().is_empty() {
        return Ok(objects);
    }
    let prefix = Path::parse(location.prefix())
        .map_err(|source| Error::from_store(format!("location '{location}'"), source.into()))?;
    Ok(Arc::new(PrefixStore::new(objects, prefix)))
}

impl Wanted<'_> {
    /// The first of these variables that is set and not empty.
    fn variable(&self, names: &[&str]) -> Option<&str> {
        names
            .iter()
            .filter_map(|name| self.environment.get(*name))
            .map(String::as_str)
            .find(|value| !value.is_empty())
    }

    fn client_options(&self, allow_http: bool) -> Result<ClientOptions> {
        let timeout = self.settings.duration(Setting::RequestTimeout)?.unwrap_or(DEFAULT_REQUEST_TIMEOUT);
        let connect = self.settings.duration(Setting::ConnectTimeout)?.unwrap_or(DEFAULT_CONNECT_TIMEOUT);
        Ok(ClientOptions::new()
            .with_user_agent(HeaderValue::from_static(concat!("cairn/", env!("CARGO_PKG_VERSION"))))
            .with_timeout(timeout)
            .with_connect_timeout(connect)
            .with_allow_http(allow_http))
    }

    fn retry(&self) -> Result<RetryConfig> {
        Ok(RetryConfig {
            max_retries: self.settings.max_retries()?,
            retry_timeout: self.settings.duration(Setting::RetryTimeout)?.unwrap_or(DEFAULT_RETRY_TIMEOUT),
            ..RetryConfig::default()
        })
    }

    /// The endpoint that a property gives, with a scheme.
    fn endpoint(&self, ssl: Option<bool>) -> Result<Option<Url>> {
        match self.settings.text(Setting::Endpoint) {
            Some(text) => {
                endpoint(text, ssl).map(Some).map_err(|advice| self.settings.wrong(Setting::Endpoint, advice))
            }
            None => Ok(None),
        }
    }

    /// The client could not be made. Its own words may hold what it was given, so they are not repeated.
    fn failed(&self, source: object_store::Error) -> Error {
        tracing::debug!(location = %self.location, "the client of a store refuses its settings");
        let secret = [Setting::SecretKey, Setting::SasToken, Setting::ServiceAccountKey]
            .into_iter()
            .find(|setting| self.settings.text(*setting).is_some());
        match secret {
            Some(secret) => {
                self.settings.wrong(secret, "check that it is complete and not changed by quoting")
            }
            None => Error::from_store(format!("{} cannot be used", self.location), source)
                .with_kind(ErrorKind::InvalidInput),
        }
    }
}

/// Reads `https://host:port`, `http://…` or a bare host.
fn endpoint(text: &str, ssl: Option<bool>) -> std::result::Result<Url, &'static str> {
    const ADVICE: &str = "give https://host[:port], http://host[:port] or a host";
    let full = match text.split_once("://") {
        Some(_) => text.to_owned(),
        None if ssl == Some(false) => format!("http://{text}"),
        None => format!("https://{text}"),
    };
    let url = Url::parse(&full).map_err(|_| ADVICE)?;
    let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    if !plain || url.password().is_some() || !url.has_host() || !["http", "https"].contains(&url.scheme()) {
        return Err(ADVICE);
    }
    if ssl.is_some_and(|ssl| ssl != (url.scheme() == "https")) {
        return Err("its scheme says otherwise about TLS than the property beside it");
    }
    Ok(url)
}

#[cfg(test)]
mod tests;
