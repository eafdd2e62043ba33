# SPDX-License-Identifier: BSD-3-Clause
# rovi report: a whole page that loads nothing, for fits of every kind; what it says; bad input.

load common.bash

need_gnuplot() {
    command -v gnuplot >/dev/null || skip "gnuplot is not installed"
}

# Well-formed, names are unique, and nothing is loaded from anywhere.
is_whole() {
    lacks -iE 'https?://|<script|<link|<img|<iframe|@import|url\(|src=' "$1"
    command -v python3 >/dev/null || return 0
    python3 - "$1" <<'END'
import sys
from html.parser import HTMLParser
VOID = {"meta", "br", "img"}
class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.names, self.uses = [], [], []
    def handle_starttag(self, tag, attributes):
        if tag not in VOID:
            self.open.append(tag)
        for key, value in attributes:
            if key == "id":
                self.names.append(value)
            if key.endswith("href"):
                assert value.startswith("#"), value
                self.uses.append(value[1:])
    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()
    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, (tag, self.getpos())
page = Page()
page.feed(open(sys.argv[1], encoding="utf-8").read())
page.close()
assert not page.open, page.open
assert len(page.names) == len(set(page.names)), "names are not unique"
assert set(page.uses) <= set(page.names), set(page.uses) - set(page.names)
END
}

@test "one, two and many dimensions, a mixture, and no log Z" {
    need_gnuplot
    echo '{"type": "gaussian_mixture", "weights": [0.4, 0.6], "means": [[-2], [2]]}' >one.json
    for target in one.json student-t funnel many-well; do
        fitted "$target" f.json --no-probe
        "$ROVI" report f.json -o p.html 2>err
        [ ! -s err ]
        is_whole p.html
    done
    "$ROVI" fit far-asymmetric -o m.json --quiet >table
    "$ROVI" report m.json -o p.html
    is_whole p.html
    grep -q 'Mixture of fits (2 rotated products)' p.html
    grep -q 'It is a mixture, whose ELBO' p.html
    [ "$(grep -c '<svg role="img"' p.html)" = 4 ]
    only_here one.json f.json m.json p.html table err
}

@test "the verdict: close, far, not probed, not converged" {
    need_gnuplot
    "$ROVI" fit figure1-m3 --no-probe -o f.json --quiet >table
    "$ROVI" report f.json -o p.html
    grep -q 'class="verdict good"' p.html
    grep -q '<p>The fit is close to the target.</p>' p.html
    grep -q 'Not probed' p.html
    "$ROVI" fit figure1-m3 --method mfvi --no-probe -o f.json --quiet >table
    "$ROVI" report f.json -o p.html
    grep -q 'class="verdict bad"' p.html
    grep -q 'misses 50&nbsp;%' p.html
    grep -q 'To try next: <code>rovi fit figure1-m3 <span class="flag">--method</span> auto</code>' p.html
    sed -i 's/"kl": {[^}]*}/"kl": null/; s/"log_z": [^,]*/"log_z": null/' f.json
    "$ROVI" report f.json -o p.html
    grep -q 'class="verdict open"' p.html
    grep -q '<p>Whether the fit misses mass was not probed.</p>' p.html
    sed -i 's/^ "status": "converged"/ "status": "max_time"/' f.json
    "$ROVI" report f.json -o p.html
    grep -q '<p>The fit has not converged.</p>' p.html
}

@test "the verdict of a search that the file records" {
    need_gnuplot
    code=0
    "$ROVI" fit figure1-m3 --method mfvi -o f.json --quiet >table || code=$?
    [ "$code" = 4 ] # mode collapse
    "$ROVI" report f.json -o p.html
    grep -q '<p>The fit probably misses part of the target' p.html
    grep -q 'To try next: <code>rovi fit figure1-m3 <span class="flag">--method</span> mixture <span class="flag">--start</span> f.json</code>' p.html
    fitted ring f.json
    verdict() {
        sed "s/\"collapse\": {[^}]*}/\"collapse\": {\"verdict\": \"$1\", \"reason\": \"$2\"}/" f.json >g.json
        "$ROVI" report g.json -o p.html
    }
    verdict suspected 'A <region> at (3, 3) holds 48 %'
    grep -q '<p>The fit probably misses part of the target' p.html
    grep -q 'A &lt;region&gt; at (3, 3) holds 48&nbsp;%.' p.html
    grep -q 'To try next: <code>rovi fit ring' p.html
    lacks 'Not probed' p.html
    verdict unknown 'the search was cut short (max_time) before it began'
    lacks 'Not probed' p.html
    grep -q 'A search beyond the fit: the search was cut short' p.html
    fitted ring f.json --no-probe
    "$ROVI" report f.json -o p.html
    grep -q 'Not probed' p.html
}

@test "a mode that was found and could not be weighed is no clean bill" {
    need_gnuplot
    "$ROVI" fit uneven -o f.json --quiet >table
    sed -i 's/"verdict": "none", "reason": "[^"]*"/"verdict": "unknown", "reason": "9 climbs found 2 modes"/; s/"found": 0/"found": 2/' f.json
    "$ROVI" report f.json -o p.html
    grep -q 'class="verdict doubt"' p.html
    grep -q '<p>Another mode was found, but not how much mass it has.</p>' p.html
    grep -q 'A search beyond the fit: 9 climbs found 2 modes' p.html
}

@test "restarts of one ELBO that are two fits are said to be two" {
    need_gnuplot
    "$ROVI" fit figure1-m3 --method mfvi --restarts 8 --independent on -o f.json --quiet >table || [ $? = 4 ]
    "$ROVI" report f.json -o p.html
    grep -q 'All 8 restarts reach the best ELBO, but [1-7] of them are another fit, with means up to [5-7][.0-9]* sd away' p.html
    grep -q '<td>another fit</td>' p.html
    "$ROVI" fit uneven --restarts 3 --independent on -o f.json --quiet >table
    "$ROVI" report f.json -o p.html
    grep -q 'All 3 restarts agree; they may do so on a mode that all have missed' p.html
    lacks '<td>another fit</td>' p.html
}

@test "what was found: k-hat, both masses of a mode, the missed one in table and picture" {
    need_gnuplot
    "$ROVI" fit figure1-m3 --method mfvi -o f.json --quiet >table || [ $? = 4 ]
    grep -q '^  k-hat ' table
    "$ROVI" report f.json -o p.html
    is_whole p.html
    grep -q '<th class="n">in the target</th>' p.html
    grep -q '<tr class="missed"><td><span class="cross">×</span>missed 1</td>' p.html
    grep -q '<span>1 missed, with 50 %</span>' p.html
    grep -q '<th>Pareto k-hat</th><td>' p.html
    grep -q 'missed by the fit' p.html
    "$ROVI" plot f.json --kind pairs -o p.svg --script p.gp
    [ "$(awk '/^\$marks0/ { inside = 1; next } /^EOD/ { inside = 0 } inside && $1 != "NaN" && NF' p.gp | wc -l)" = 1 ]
    "$ROVI" fit figure1-m3 -o g.json --quiet >table
    "$ROVI" report g.json -o p.html
    lacks 'class="missed"\|missed by the fit' p.html
}

@test "a Stan model: its names, and its parameters as long as the model is there" {
    need_gnuplot
    cp "$(realpath "${ROVI_BUILD:-build}")/fixtures/stan_plain.so" .
    "$ROVI" fit stan_plain.so -o f.json --restarts 1 --draws 2000 --quiet >table
    "$ROVI" report f.json -o p.html 2>err
    [ ! -s err ]
    is_whole p.html
    grep -q '<h2>Parameters</h2>' p.html
    grep -q '<td class="name">sigma</td>' p.html
    grep -q '<th class="n">mu</th>' p.html # of the coordinates
    "$ROVI" plot f.json --kind marginals -o p.svg --script p.gp
    grep -q "^set xlabel 'mu'" p.gp
    mv stan_plain.so away.so
    "$ROVI" report f.json -o p.html
    grep -q 'Not shown, as the model could not be asked: .*stan_plain.so' p.html
    is_whole p.html
}

@test "names are text, in the page as in the pictures" {
    need_gnuplot
    fitted ring f.json
    name='</title><script>alert(1)</script>&\\"' # JSON for one backslash-quoted quote
    sed -i "s|\"target\": \"ring\"|\"target\": \"${name//&/\\&}\"|; s|\"command\": \"|&<b onload=x>|" f.json
    mv f.json '<i>`touch pwned`.json'
    "$ROVI" report '<i>`touch pwned`.json' -o p.html
    is_whole p.html
    grep -q 'alert(1)&lt;/script&gt;' p.html || grep -q '&lt;script&gt;alert' p.html
    lacks '<i>\|<b ' p.html
    [ ! -e pwned ]
}

@test "bad input" {
    refused 2 'found no fit, allowed: a file that' report
    refused 2 'found "a.json" and "b.json", allowed: one fit' report a.json b.json
    refused 2 'none.json' report none.json
    refused 2 'unknown flag --kind' report f.json --kind all
    echo '{"format": 1}' >f.json
    refused 2 'f.json' report f.json -o p.html
    only_here f.json
    fitted ring f.json
    refused 1 'no/such/folder' report f.json -o no/such/folder/p.html
    only_here f.json table
}

@test "without gnuplot: the page has no pictures, and the command says why" {
    fitted ring f.json
    without_gnuplot report f.json -o p.html
    is_whole p.html
    lacks '<svg' p.html
    grep -q 'gnuplot was not installed' p.html
    only_here f.json table bin line err p.html
}

@test "a page that cannot be written leaves nothing" {
    need_gnuplot
    fitted ring f.json
    code=0
    (ulimit -f 16 && "$ROVI" report f.json -o p.html) 2>err || code=$?
    [ "$code" = 1 ]
    only_here f.json table err
    "$ROVI" report f.json -o - >page
    is_whole page
}
