#pragma once

#include "config/channels.hpp"
#include "config/explain_writer.hpp"

namespace bkp::config {

/// The section of notifications.
void write_notify(Writer& writer, const Notify& notify);

}  // namespace bkp::config
