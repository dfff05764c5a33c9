//! Google Cloud Storage.

use std::sync::Arc;

use object_store::StaticCredentialProvider;
use object_store::gcp::{GcpCredential, GoogleCloudStorage, GoogleCloudStorageBuilder};
use serde_json::json;

use super::Wanted;
use crate::error::{Error, Result};
use crate::store::settings::Setting;

pub(super) fn connect(wanted: &Wanted<'_>) -> Result<GoogleCloudStorage> {
    let settings = wanted.settings;
    let endpoint = wanted.endpoint(None)?;
    let allow_http = endpoint.as_ref().is_some_and(|endpoint| endpoint.scheme() == "http");
    let builder = GoogleCloudStorageBuilder::new()
        .with_bucket_name(wanted.location.bucket())
        .with_client_options(wanted.client_options(allow_http)?)
        .with_retry(wanted.retry()?);
    let builder = match &endpoint {
        Some(endpoint) => builder.with_base_url(endpoint.as_str().trim_end_matches('/')),
        None => builder,
    };
    let account = settings.text(Setting::ServiceAccountEmail).zip(settings.text(Setting::ServiceAccountKey));
    let builder = if let Some((email, key)) = account {
        builder.with_service_account_key(service_account(wanted, email, key))
    } else if settings.is_on(Setting::InstanceProfile) {
        builder
    } else if let Some(key) = wanted.variable(&["GOOGLE_SERVICE_ACCOUNT_KEY"]) {
        builder.with_service_account_key(key)
    } else if let Some(path) = wanted.variable(&["GOOGLE_SERVICE_ACCOUNT", "GOOGLE_SERVICE_ACCOUNT_PATH"]) {
        builder.with_service_account_path(path)
    } else if let Some(path) = wanted.variable(&["GOOGLE_APPLICATION_CREDENTIALS"]) {
        builder.with_application_credentials(path)
    } else if allow_http {
        // A server without TLS is no server of Google's, and gets no credentials of the machine.
        let nobody = StaticCredentialProvider::new(GcpCredential { bearer: String::new() });
        builder.with_credentials(Arc::new(nobody)).with_skip_signature(true)
    } else {
        return Err(Error::invalid(format!(
            "{} has no credentials: give \"gcp.gcs.service_account_email\" and \"gcp.gcs.service_account_private_key\", or \
             set GOOGLE_APPLICATION_CREDENTIALS, or \"gcp.gcs.use_compute_engine_service_account\" = \"true\" on a machine \
             of Google's",
            wanted.location
        )));
    };
    builder.build().map_err(|source| wanted.failed(source))
}

/// The key file of a service account, of the parts that StarRocks has.
fn service_account(wanted: &Wanted<'_>, email: &str, key: &str) -> String {
    // Pasted out of a JSON text, line ends are two characters.
    let key = key.replace("\\n", "\n");
    let id = wanted.settings.text(Setting::ServiceAccountKeyId).unwrap_or("");
    json!({ "type": "service_account", "client_email": email, "private_key": key, "private_key_id": id })
        .to_string()
}
