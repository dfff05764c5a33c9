//! Statements as they may be shown: without secrets.

use cairn_repository::is_secret_property;
use sqlparser::tokenizer::Token;

use super::lexer::SourceStatement;

/// What stands for a secret.
const HIDDEN: &str = "'***'";

impl SourceStatement {
    /// The text as it may be shown and kept: the values of properties that hold secrets are `'***'`.
    ///
    /// A string that is never closed may be one of them, so what cannot be cut into tokens is left out.
    pub fn redacted(&self) -> String {
        let mut shown = String::new();
        let mut end = 0;
        for (index, range) in self.ranges().iter().enumerate() {
            // With it the blanks and comments before the token.
            let text = self.text();
            shown.push_str(text.get(end..range.start).unwrap_or(""));
            shown.push_str(if self.is_secret(index) {
                HIDDEN
            } else {
                text.get(range.clone()).unwrap_or("")
            });
            end = range.end;
        }
        if self.error().is_some() {
            shown.push('…');
        }
        shown
    }

    /// Whether the token is the value of a property that is named like a secret.
    fn is_secret(&self, index: usize) -> bool {
        let token =
            |back: usize| index.checked_sub(back).and_then(|at| self.tokens().get(at)).map(|at| &at.token);
        let is_string = matches!(token(0), Some(Token::SingleQuotedString(_)));
        // `"key" = "value"`, or the same with the sign forgotten.
        let name = match (token(2), token(1)) {
            (Some(Token::SingleQuotedString(name)), Some(Token::Eq))
            | (_, Some(Token::SingleQuotedString(name))) => Some(name),
            _ => None,
        };
        is_string && name.is_some_and(|name| is_secret_property(name))
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
        ] {
            assert_eq!(redacted(sql), [expected]);
        }
        assert_eq!(redacted("SELECT 1; SELECT 2"), ["SELECT 1", "SELECT 2"]);
    }
}
