# SPDX-License-Identifier: BSD-3-Clause
# The API reference, from the public header: a section for each of its dividers, an entry for each group of declarations
# with the comment before it. Groups end at empty lines.
# Run by tools/api.sh.

function trim(text) {
    sub(/^[ \t]+/, "", text)
    sub(/[ \t]+$/, "", text)
    return text
}

# Names are what follows; Markdown shall read nothing else out of the text.
function escape(text) {
    gsub(/[*_<>|\\]/, "\\\\&", text)
    return text
}

function anchor_of(text) {
    text = tolower(text)
    gsub(/[^a-z0-9 _-]/, "", text)
    gsub(/ /, "-", text)
    return text
}

# What a group declares: functions, and types, in the order they stand.
function names_of(text,    rest, found, names) {
    rest = text
    gsub(/\/\*[^*]*\*\//, "", rest) # comments
    while (match(rest, /(rovi_[a-z_0-9]+ *\()|(typedef (struct|enum) rovi_[a-z_0-9]+)|(\(\*rovi_[a-z_]+\))|(#define (ROVI_[A-Z_]+))|(extern|API) (const )?int rovi_[a-z_]+/)) {
        found = substr(rest, RSTART, RLENGTH)
        rest = substr(rest, RSTART + RLENGTH)
        if (!match(found, /rovi_[a-z_0-9]+/) && !match(found, /ROVI_[A-Z_]+/))
            continue
        found = substr(found, RSTART, RLENGTH)
        if (found ~ /_(NAME|API)$/)
            continue
        if (index(" " names " ", " `" found "` ") == 0 && index(names ",", "`" found "`,") == 0)
            names = names (names ? ", " : "") "`" found "`"
    }
    return names
}

function flush_group(    names) {
    if (code != "") {
        gsub(/ROVI_API /, "", code)
        names = names_of(code)
        if (names != "")
            body = body "### " names "\n\n"
        if (comment != "")
            body = body escape(comment) "\n\n"
        body = body "```c\n" code "```\n\n"
    } else if (comment != "")
        body = body escape(comment) "\n\n"
    code = comment = ""
}

FNR == 1 { state = "preamble" }

/^\/\* -----/ {
    flush_group()
    state = "title"
    next
}
state == "title" {
    if ($0 ~ /\*\/$/) {
        state = "code"
        next
    }
    title = $0
    sub(/^ \* /, "", title)
    titles[++count] = title
    body = body "## " escape(title) "\n\n"
    next
}
# The first comment, after the licence, is the introduction.
state == "preamble" {
    if ($0 ~ /^\/\*$/)
        opening = 1
    else if (opening && $0 ~ /^ \*\//) {
        opening = 0
        state = "before"
    } else if (opening) {
        line = $0
        sub(/^ \*/, "", line)
        line = trim(line)
        intro = intro (line ~ /^- / || line !~ /./ ? "\n" : line ~ /^Method:/ ? "\n\n" : line ~ /^(T\(x\)|O  is|L  is)/ ? "\n- " : intro ~ /\n$/ || intro == "" ? "" : " ") line (line ~ /./ ? "" : "\n")
    }
    next
}
state == "before" { next }
/^#ifdef __cplusplus/ { state = "before"; flush_group(); next }
# A heading inside a section
/^\/\* ---- .* ---- \*\/$/ {
    flush_group()
    line = $0
    gsub(/^\/\* ---- | ---- \*\/$/, "", line)
    body = body "**" toupper(substr(line, 1, 1)) escape(substr(line, 2)) "**\n\n"
    next
}
in_comment || /^\/\* / {
    if (code != "")
        flush_group()
    line = $0
    closed = line ~ /\*\/[ \t]*$/
    sub(/^\/\* ?/, "", line)
    sub(/\*\/[ \t]*$/, "", line)
    if (in_comment)
        sub(/^ \* ?/, "", line)
    comment = comment (comment == "" ? "" : " ") trim(line)
    in_comment = !closed
    if (closed)
        sub(/ +$/, "", comment)
    next
}
/^[ \t]*$/ {
    if (depth == 0)
        flush_group()
    else
        code = code "\n"
    next
}
{
    code = code $0 "\n"
    opened = closed_ = $0
    depth += gsub(/{/, "", opened) - gsub(/}/, "", closed_)
}
END {
    flush_group()
    print "<!-- Written by tools/api.sh from include/rovi.h: edit that. -->\n"
    print "# The C interface\n"
    print "From the header [`include/rovi.h`](../include/rovi.h), which says the same. Compile with `pkg-config --cflags --libs rovi`;"
    print "[`examples/callback.c`](../examples/callback.c) is a complete program.\n"
    gsub(/\n\n+- /, "\n- ", intro)
    sub(/exception:\n- /, "exception:\n\n- ", intro)
    sub(/\n+$/, "", intro)
    print escape(intro) "\n\nSections:\n"
    for (i = 1; i <= count; i++)
        print "- [" escape(titles[i]) "](#" anchor_of(titles[i]) ")"
    printf "\n%s", body
}
