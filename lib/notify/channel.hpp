#pragma once

#include "config/channels.hpp"
#include "notify/message.hpp"
#include "util/log.hpp"

namespace bkp::notify {

/// Delivers a message to a channel, within half a minute. Throws Error{key} for a file of it that
/// is missing or that others can read, Error{config} for what such a file holds, Error{store} when
/// the other end cannot be reached or refuses. Nothing that is secret is in the error. Redirections
/// are not followed: they could lead the message, and what stands in the URL, anywhere. A template
/// that cannot be used is said in `log`, and the message goes out in bkp's own words.
void deliver(const config::Channel& channel, const Message& message, util::Log& log);

/// Throws what deliver() would of the channel's files and settings, without sending anything.
void require_usable(const config::Channel& channel);

/// Whether what it is sent goes over the network as it is. Throws as require_usable().
bool is_open_to_listeners(const config::Channel& channel);

/// What a channel needs to be able to deliver anything from here.
bool can_deliver(const config::Channel& channel);

}  // namespace bkp::notify
