# Copies README.md and the guides from `source` to `target`, share/doc/bkp of the installed tree. Their
# links are those of the source tree, and are made to fit: man pages and the cron file stand elsewhere,
# and what is not installed is named without a link.
function(install_document name to_share)
  file(READ ${source}/${name} text)
  string(REGEX REPLACE "\\]\\(man/([a-z-]+\\.1)\\)" "](${to_share}/man/man1/\\1)" text "${text}")
  string(REPLACE "](man/bkp.yaml.5)" "](${to_share}/man/man5/bkp.yaml.5)" text "${text}")
  string(REPLACE "[config/bkp.example.yaml](config/bkp.example.yaml)"
    "[bkp.example.yaml](bkp.example.yaml)" text "${text}")
  foreach(file alerts.yml grafana-dashboard.json)
    string(REPLACE "[${file}](../config/${file})" "[${file}](../${file})" text "${text}")
  endforeach()
  string(REPLACE "[cron/bkp](../cron/bkp)" "[share/bkp/cron/bkp](${to_share}/bkp/cron/bkp)"
    text "${text}")
  string(REPLACE "[`lib/CMakeLists.txt`](lib/CMakeLists.txt)" "`lib/CMakeLists.txt`" text "${text}")
  file(WRITE ${target}/${name} "${text}")
endfunction()

install_document(README.md ../..)
file(GLOB guides RELATIVE ${source} ${source}/man/*.md)
foreach(guide IN LISTS guides)
  install_document(${guide} ../../..)
endforeach()
