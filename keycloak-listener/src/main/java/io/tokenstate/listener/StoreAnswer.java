package io.tokenstate.listener;

import io.tokenstate.listener.rows.User;

/**
 * What a user store said of one of its users.
 *
 * @param store its component id
 * @param user  null: the store does not know him
 */
record StoreAnswer(String store, User user) {
}
