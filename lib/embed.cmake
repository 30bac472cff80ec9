# Writes OUTPUT: a C++ source defining NAMESPACE::FUNCTION(), which returns each of FILES as
# {file name, contents}. Run by bkp_embed() in lib/CMakeLists.txt.
set(entries "")
foreach(file IN LISTS FILES)
  get_filename_component(name ${file} NAME)
  file(READ ${file} text)
  # A string literal may be limited to 64 KiB by the standard's advice; raw pieces are concatenated.
  string(LENGTH "${text}" length)
  set(pieces "")
  set(at 0)
  while(at LESS length)
    string(SUBSTRING "${text}" ${at} 8000 piece)
    string(APPEND pieces "R\"__bkp__(${piece})__bkp__\"\n")
    math(EXPR at "${at} + 8000")
  endwhile()
  if(pieces STREQUAL "")
    set(pieces "\"\"")
  endif()
  string(APPEND entries "      {\"${name}\", ${pieces}},\n")
endforeach()
file(WRITE ${OUTPUT}
"#include <span>
#include <string_view>
#include <utility>
#include <vector>
namespace ${NAMESPACE} {
std::vector<std::pair<std::string_view, std::string_view>> ${FUNCTION}();
std::vector<std::pair<std::string_view, std::string_view>> ${FUNCTION}() {
  return {
${entries}  };
}
}  // namespace ${NAMESPACE}
")
