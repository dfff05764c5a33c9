//! S3, and what speaks as S3 does.

use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey, Checksum};
use url::{Host, Url};

use super::{Wanted, endpoint};
use crate::error::{Error, ErrorKind, Result};
use crate::shown::without_secrets;
use crate::store::settings::Setting;

/// Where buckets are when nobody says.
const DEFAULT_REGION: &str = "us-east-1";

pub(super) fn connect(wanted: &Wanted<'_>) -> Result<AmazonS3> {
    let bucket = wanted.location.bucket();
    let place = Place::find(wanted)?;
    let builder = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_region(&place.region)
        .with_endpoint(place.url(bucket))
        .with_virtual_hosted_style_request(place.bucket_in_host(bucket))
        .with_client_options(wanted.client_options(place.endpoint.scheme() == "http")?)
        .with_retry(wanted.retry()?)
        // What arrives is checked by its digest; hashing it again for the signature costs more than sending it.
        .with_unsigned_payload(true);
    let builder = match wanted.settings.text(Setting::ChecksumAlgorithm) {
        Some(algorithm) if algorithm.eq_ignore_ascii_case("sha256") => {
            builder.with_checksum_algorithm(Checksum::SHA256)
        }
        _ => builder,
    };
    with_credentials(wanted, builder)?.build().map_err(|source| wanted.failed(source))
}

/// Where the bucket is.
struct Place {
    endpoint: Url,
    region: String,
    path_style: Option<bool>,
}

impl Place {
    fn find(wanted: &Wanted<'_>) -> Result<Self> {
        let settings = wanted.settings;
        let given = wanted.endpoint(settings.flag(Setting::Ssl)?)?;
        let variable = || wanted.variable(&["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]);
        let found = match (given, variable()) {
            (None, Some(text)) if !wanted.location.is_oss() => {
                Some(endpoint(text, None).map_err(|advice| {
                    Error::invalid(format!(
                        "AWS_ENDPOINT_URL: '{}' cannot be used; {advice}",
                        without_secrets(text)
                    ))
                })?)
            }
            (given, _) => given,
        };
        let region = settings
            .text(Setting::Region)
            .map(str::to_owned)
            .or_else(|| found.as_ref().and_then(region_of))
            .or_else(|| wanted.variable(&["AWS_REGION", "AWS_DEFAULT_REGION"]).map(str::to_owned))
            .unwrap_or_else(|| DEFAULT_REGION.to_owned());
        let endpoint = match found {
            Some(endpoint) => endpoint,
            None if wanted.location.is_oss() => {
                let message = format!("{} needs the property 'fs.oss.endpoint'", wanted.location);
                return Err(Error::invalid(message));
            }
            None => {
                let scheme = if settings.flag(Setting::Ssl)? == Some(false) { "http" } else { "https" };
                Url::parse(&format!("{scheme}://s3.{region}.amazonaws.com")).map_err(|_| {
                    Error::invalid(format!(
                        "'{region}' is no region of S3: set 'aws.s3.region' or 'aws.s3.endpoint'"
                    ))
                })?
            }
        };
        Ok(Self { endpoint, region, path_style: settings.flag(Setting::PathStyle)? })
    }

    /// Whether the bucket is a part of the host's name. An address has no parts, a host without a domain seldom more
    /// names, and a certificate's wildcard covers one part only.
    fn bucket_in_host(&self, bucket: &str) -> bool {
        let named = match self.endpoint.host() {
            Some(Host::Domain(domain)) => domain.contains('.') && domain != "localhost",
            _ => false,
        };
        match self.path_style {
            Some(path_style) => !path_style && named,
            None => named && (self.endpoint.scheme() == "http" || !bucket.contains('.')),
        }
    }

    /// The endpoint as the client wants it: with the bucket's name where it belongs into the host.
    fn url(&self, bucket: &str) -> String {
        let text = self.endpoint.as_str().trim_end_matches('/');
        let host = self.endpoint.host_str().unwrap_or("");
        if !self.bucket_in_host(bucket) || host.starts_with(&format!("{bucket}.")) {
            return text.to_owned();
        }
        text.replacen("://", &format!("://{bucket}."), 1)
    }
}

/// The region that an endpoint of AWS or Aliyun names.
fn region_of(endpoint: &Url) -> Option<String> {
    let host = endpoint.host_str()?;
    let named = host
        .strip_suffix(".amazonaws.com")
        .and_then(|rest| rest.rsplit_once("s3.").or_else(|| rest.rsplit_once("s3-")))
        .map(|(_, region)| region)
        .or_else(|| {
            let rest = host.strip_suffix(".aliyuncs.com")?;
            rest.rsplit_once("oss-").map(|(_, region)| region.trim_end_matches("-internal"))
        })?;
    (!named.is_empty() && !named.contains('.')).then(|| named.to_owned())
}

/// Keys that are given, then the environment's, then the machine's own. They are never mixed.
fn with_credentials(wanted: &Wanted<'_>, builder: AmazonS3Builder) -> Result<AmazonS3Builder> {
    let settings = wanted.settings;
    if let Some((access, secret)) = settings.text(Setting::AccessKey).zip(settings.text(Setting::SecretKey)) {
        if settings.text(Setting::RoleArn).is_some() {
            return Err(assumed_role(wanted));
        }
        let builder = builder.with_access_key_id(access).with_secret_access_key(secret);
        return Ok(match settings.text(Setting::SessionToken) {
            Some(token) => builder.with_token(token),
            None => builder,
        });
    }
    let instance = settings.is_on(Setting::InstanceProfile);
    let from_environment = !instance && !wanted.location.is_oss();
    let role = settings.text(Setting::RoleArn);
    if from_environment {
        let keys = wanted.variable(&["AWS_ACCESS_KEY_ID"]).zip(wanted.variable(&["AWS_SECRET_ACCESS_KEY"]));
        if let Some((access, secret)) = keys
            && role.is_none()
        {
            let builder = builder.with_access_key_id(access).with_secret_access_key(secret);
            return Ok(match wanted.variable(&["AWS_SESSION_TOKEN"]) {
                Some(token) => builder.with_token(token),
                None => builder,
            });
        }
        if let Some(builder) = from_tokens(wanted, builder.clone(), role) {
            return Ok(builder);
        }
    }
    match (role, instance || settings.is_on(Setting::EnvironmentCredentials)) {
        (Some(_), _) => Err(assumed_role(wanted)),
        // Without any, the client asks the machine it runs on.
        (None, true) => Ok(builder),
        (None, false) => Err(Error::invalid(format!(
            "{} has no credentials: give \"aws.s3.access_key\" and \"aws.s3.secret_key\", or set AWS_ACCESS_KEY_ID and \
             AWS_SECRET_ACCESS_KEY, or \"aws.s3.use_instance_profile\" = \"true\" on a machine of AWS",
            wanted.location
        ))),
    }
}

/// What containers and pods are given in place of keys.
fn from_tokens(wanted: &Wanted<'_>, builder: AmazonS3Builder, role: Option<&str>) -> Option<AmazonS3Builder> {
    use AmazonS3ConfigKey as Key;
    let web_identity = wanted
        .variable(&["AWS_WEB_IDENTITY_TOKEN_FILE"])
        .zip(role.or_else(|| wanted.variable(&["AWS_ROLE_ARN"])));
    if let Some((file, role)) = web_identity {
        let mut builder =
            builder.with_config(Key::WebIdentityTokenFile, file).with_config(Key::RoleArn, role);
        for (name, key) in
            [("AWS_ROLE_SESSION_NAME", Key::RoleSessionName), ("AWS_ENDPOINT_URL_STS", Key::StsEndpoint)]
        {
            if let Some(value) = wanted.variable(&[name]) {
                builder = builder.with_config(key, value);
            }
        }
        return Some(builder);
    }
    if role.is_some() {
        return None;
    }
    if let Some(uri) = wanted.variable(&["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"]) {
        return Some(builder.with_config(Key::ContainerCredentialsRelativeUri, uri));
    }
    let pod = wanted
        .variable(&["AWS_CONTAINER_CREDENTIALS_FULL_URI"])
        .zip(wanted.variable(&["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]));
    let (uri, file) = pod?;
    Some(
        builder
            .with_config(Key::ContainerCredentialsFullUri, uri)
            .with_config(Key::ContainerAuthorizationTokenFile, file),
    )
}

fn assumed_role(wanted: &Wanted<'_>) -> Error {
    let message = format!(
        "property '{}': a role is assumed with a web identity only (AWS_WEB_IDENTITY_TOKEN_FILE); \
         give temporary keys of the role with \"aws.s3.session_token\", or let the instance profile have its rights",
        wanted.settings.name(Setting::RoleArn)
    );
    Error::new(ErrorKind::Unsupported, message)
}
