#pragma once

#include "run/context.hpp"
#include "status/site_status.hpp"

namespace bkp::status {

/// Looks at a site: the catalog, or where that cannot be reached the manifests on the stores; the
/// server, for how far its WAL is archived; the stores. What cannot be asked is said in the result,
/// not thrown. Throws Error{interrupted}, and Error{store} when neither the catalog nor any store
/// can be read.
SiteStatus look(run::Context& context);

}  // namespace bkp::status
