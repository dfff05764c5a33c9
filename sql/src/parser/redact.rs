//! Statements as they may be shown: without secrets.

use std::borrow::Cow;

use cairn_repository::{is_secret_property, without_secrets};
use sqlparser::tokenizer::Token;

use super::lexer::SourceStatement;

/// What stands for a secret.
const HIDDEN: &str = "'***'";
/// What the name of a property has whose value may be a URL without a scheme.
const ENDPOINT: &str = "endpoint";

impl SourceStatement {
    /// The text as it may be shown and kept: the values of properties that hold secrets are `'***'`, and URLs are without
    /// users, passwords, queries and fragments.
    ///
    /// A string that is never closed may be one of them, so what cannot be cut into tokens is left out.
    pub fn redacted(&self) -> String {
        let mut shown = String::new();
        let mut end = 0;
        for (index, range) in self.ranges().iter().enumerate() {
            // With it the blanks and comments before the token.
            let text = self.text();
            shown.push_str(text.get(end..range.start).unwrap_or(""));
            shown.push_str(&self.shown(index, text.get(range.clone()).unwrap_or("")));
            end = range.end;
        }
        if self.error().is_some() {
            shown.push('…');
        }
        shown
    }

    /// A token, whose text is `text`, as it may be shown.
    pub(super) fn shown<'t>(&self, index: usize, text: &'t str) -> Cow<'t, str> {
        let Some(value) = self.string(index) else { return text.into() };
        if self.may_be_password(index) {
            return HIDDEN.into();
        }
        let name = self.property_before(index);
        if name.is_some_and(is_secret_property) {
            return HIDDEN.into();
        }
        let may_be_url =
            value.contains("://") || name.is_some_and(|name| name.to_ascii_lowercase().contains(ENDPOINT));
        if may_be_url && value.contains(['@', '?', '#']) {
            return format!("'{}'", without_secrets(value).replace('\'', "''")).into();
        }
        text.into()
    }

    /// Whether the string may be a user's password: whatever stands behind IDENTIFIED or BY in a statement about a user, and
    /// behind the sign in SET PASSWORD. Where a sign or a word was forgotten, too much is hidden and not too little.
    fn may_be_password(&self, index: usize) -> bool {
        let tokens = self.tokens();
        let is_word = |n: usize, word: &str| matches!(tokens.get(n).map(|at| &at.token), Some(Token::Word(w)) if w.value.eq_ignore_ascii_case(word));
        // The word stands at most behind IF NOT EXISTS and 'u'@'h': a long list of values is not looked through for each.
        let before = |word: &str| (0..index.min(16)).any(|n| is_word(n, word));
        if before("IDENTIFIED") || (is_word(1, "USER") && before("BY")) {
            return true;
        }
        let names_user = index > 0
            && (is_word(index - 1, "FOR")
                || matches!(tokens.get(index - 1).map(|at| &at.token), Some(Token::AtSign)));
        is_word(0, "SET") && is_word(1, "PASSWORD") && !names_user
    }

    /// The name of the property whose value the token would be: `"key" = "value"`, or the same with the sign forgotten.
    fn property_before(&self, index: usize) -> Option<&str> {
        let before = index.checked_sub(1)?;
        match self.tokens().get(before).map(|at| &at.token) {
            Some(Token::Eq) => self.string(before.checked_sub(1)?),
            _ => self.string(before),
        }
    }

    fn string(&self, index: usize) -> Option<&str> {
        match self.tokens().get(index).map(|at| &at.token) {
            Some(Token::SingleQuotedString(value)) => Some(value),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::split_statements;

    fn redacted(sql: &str) -> Vec<String> {
        split_statements(sql).iter().map(super::SourceStatement::redacted).collect()
    }

    #[test]
    fn secrets_are_hidden_and_nothing_else() {
        for (sql, expected) in [
            ("SELECT 'key' /* 'key' = 'x' */ FROM t", "SELECT 'key' /* 'key' = 'x' */ FROM t"),
            (
                "CREATE REPOSITORY r WITH BROKER ON LOCATION 's3://b/x'\nPROPERTIES (\"aws.s3.access_key\" = \"AK\", \"aws.s3.secret_key\" = \"SK\", 'aws.s3.region' = 'eu')",
                "CREATE REPOSITORY r WITH BROKER ON LOCATION 's3://b/x'\nPROPERTIES (\"aws.s3.access_key\" = \"AK\", \"aws.s3.secret_key\" = '***', 'aws.s3.region' = 'eu')",
            ),
            (
                "ALTER REPOSITORY r SET ('azure.blob.sas_token'='x''y', 'fs.s3a.secret.key' \"z\", 'Password' =/* */'w')",
                "ALTER REPOSITORY r SET ('azure.blob.sas_token'='***', 'fs.s3a.secret.key' '***', 'Password' =/* */'***')",
            ),
            ("ALTER REPOSITORY r SET ('secret' = 'never closed", "ALTER REPOSITORY r SET ('secret' =…"),
            (
                "SELECT * FROM FILES('path' = 's3://b', 'gcp.gcs.service_account_private_key' = 'k')",
                "SELECT * FROM FILES('path' = 's3://b', 'gcp.gcs.service_account_private_key' = '***')",
            ),
            (
                "CREATE REPOSITORY z WITH BROKER ON LOCATION 's3://AKIA:PW@b/x' PROPERTIES ('aws.s3.endpoint' = 'u:PW@h', 'x' = \"abfss://c@acc/x?sig=PW\")",
                "CREATE REPOSITORY z WITH BROKER ON LOCATION 's3://…@b/x' PROPERTIES ('aws.s3.endpoint' = '…@h', 'x' = 'abfss://c@acc/x?…')",
            ),
            (
                "CREATE USER 'u'@'%' IDENTIFIED WITH mysql_native_password BY 'x'",
                "CREATE USER 'u'@'%' IDENTIFIED WITH mysql_native_password BY '***'",
            ),
            ("SET PASSWORD FOR 'u'@'h' = PASSWORD('x')", "SET PASSWORD FOR 'u'@'h' = PASSWORD('***')"),
            ("set password for 'u' 'x'", "set password for 'u' '***'"),
            ("CREATE USER u IDENTIFED BY 'x'", "CREATE USER u IDENTIFED BY '***'"),
            ("SELECT 'a@b', 'is it?', 'http://host/x'", "SELECT 'a@b', 'is it?', 'http://host/x'"),
        ] {
            assert_eq!(redacted(sql), [expected]);
        }
        assert_eq!(redacted("SELECT 1; SELECT 2"), ["SELECT 1", "SELECT 2"]);
    }
}
