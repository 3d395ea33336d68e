# shellcheck shell=bash
# Sourced by tests.

# python_with MODULES: the path of the first Python that has them, which Debian's own has where its packages are installed; nothing: none has.
python_with() {
  local candidate
  for candidate in python3 /usr/bin/python3; do
    if "$candidate" -c "import $1" 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
}
