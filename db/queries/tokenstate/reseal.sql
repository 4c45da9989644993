-- name: SealedByKey :many
SELECT key_id, count(*) AS n FROM tokenstate.offline_token_secret GROUP BY key_id ORDER BY key_id;

-- name: SealedOtherwise :many
-- Ciphertexts that are not under the key, after the place given.
SELECT s.realm, s.session, s.client_id, t.user_id, s.key_id, s.ciphertext
FROM tokenstate.offline_token_secret s JOIN tokenstate.offline_token t USING (realm, session, client_id)
WHERE s.key_id <> @key_id AND (s.realm, s.session, s.client_id) > (@realm::text, @session::text, @client_id::text)
ORDER BY s.realm, s.session, s.client_id LIMIT @most;

-- name: Reseal :execrows
UPDATE tokenstate.offline_token_secret SET key_id = @key_id, ciphertext = @ciphertext
WHERE realm = @realm AND session = @session AND client_id = @client_id AND ciphertext = @old;
