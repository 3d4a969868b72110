// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/report_style.h"

namespace zoa::detail {

const char kReportStyle[] = R"css(
:root{color-scheme:light dark;--bg:#fdfdfc;--fg:#1c1e21;--soft:#5d636b;--line:#dfe1e4;--band:#f1f2f4;
--m0:#8b9097;--m1:#0a63b5;--m2:#c4570a;--m3:#0b8a63;--m4:#9a3f86;--m5:#9a7a00;--up:#0b7a55;--down:#b3361e}
@media (prefers-color-scheme:dark){:root{--bg:#14161a;--fg:#e4e6e9;--soft:#9aa1aa;--line:#2d3137;
--band:#1b1e23;--m0:#8f969f;--m1:#62aef5;--m2:#f0954c;--m3:#4cc79b;--m4:#d98ac6;--m5:#d9b83c;
--up:#5acb9e;--down:#f08a75}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--fg);font:16px/1.55 system-ui,-apple-system,"Segoe UI",
Roboto,"Helvetica Neue",Arial,sans-serif;-webkit-text-size-adjust:100%}
main{max-width:60rem;margin:0 auto;padding:2.5rem 1.25rem 4rem}
h1{font-size:1.75rem;line-height:1.2;margin:0 0 .75rem;font-weight:650;letter-spacing:-.01em;
overflow-wrap:anywhere}
h2{font-size:1.3rem;margin:0 0 .25rem;font-weight:650;overflow-wrap:anywhere}
h3{font-size:.95rem;margin:2rem 0 .5rem;font-weight:600}
p{margin:.25rem 0 .75rem}
.lead{font-size:1.1rem;max-width:46rem}
.soft{color:var(--soft)}
.note{color:var(--soft);font-size:.875rem;max-width:46rem}
section{margin-top:3rem;padding-top:2rem;border-top:1px solid var(--line)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:1rem 1.5rem;
margin:1.25rem 0 0}
.tiles div{border-left:3px solid var(--line);padding-left:.75rem}
.tiles b{display:block;font-size:1.7rem;line-height:1.2;font-weight:600;font-variant-numeric:tabular-nums}
.tiles span{color:var(--soft);font-size:.85rem}
.tiles .k0{border-color:var(--m0)}.tiles .k1{border-color:var(--m1)}.tiles .k2{border-color:var(--m2)}
.tiles .k3{border-color:var(--m3)}.tiles .k4{border-color:var(--m4)}.tiles .k5{border-color:var(--m5)}
.up{color:var(--up)}.down{color:var(--down)}
.scroll{overflow-x:auto;-webkit-overflow-scrolling:touch}
svg{display:block}
svg.plot{width:100%;min-width:42rem;height:auto}
svg text{fill:var(--soft);font:11.5px system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif}
svg .band{fill:var(--band)}svg .grid{stroke:var(--line)}svg .axis{stroke:var(--soft)}
svg path{fill:none;stroke-width:2.25;stroke-linejoin:round;stroke-linecap:round}
svg .dots{opacity:.28}
svg .s0{stroke:var(--m0)}svg .s1{stroke:var(--m1)}svg .s2{stroke:var(--m2)}svg .s3{stroke:var(--m3)}
svg .s4{stroke:var(--m4)}svg .s5{stroke:var(--m5)}
svg .f0{fill:var(--m0)}svg .f1{fill:var(--m1)}svg .f2{fill:var(--m2)}svg .f3{fill:var(--m3)}
svg .f4{fill:var(--m4)}svg .f5{fill:var(--m5)}
svg .legend text{fill:var(--fg)}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.925rem;width:100%}
th,td{text-align:right;padding:.38rem .8rem .38rem 0;border-bottom:1px solid var(--line);
white-space:nowrap}
table.cost{width:auto;min-width:min(100%,30rem)}
th:first-child,td:first-child{text-align:left}
th{font-weight:600;color:var(--soft);font-size:.85rem;white-space:normal;vertical-align:bottom}
tr.mean td{font-weight:650;border-bottom:0}
td.bar{width:9.5rem;padding-right:0}
svg.bar{width:9rem;height:14px;margin-left:auto}
svg.bar .zero{stroke:var(--soft)}svg.bar .up{fill:var(--up)}svg.bar .down{fill:var(--down)}
pre{background:var(--band);border:1px solid var(--line);border-radius:6px;padding:.8rem 1rem;margin:.5rem 0;
white-space:pre-wrap;overflow-wrap:anywhere;font:.85rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
details{margin-top:1.5rem}
summary{cursor:pointer;color:var(--soft);font-size:.925rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.5rem;font-size:.9rem;margin:.75rem 0}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
footer{margin-top:3.5rem;padding-top:1.25rem;border-top:1px solid var(--line);color:var(--soft);
font-size:.875rem}
@media (max-width:36rem){main{padding:1.5rem 1rem 3rem}h1{font-size:1.4rem}.lead{font-size:1rem}
td.bar,th.bar{display:none}th,td{padding-right:.5rem}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.6rem}
.tiles b{font-size:1.4rem}}
@media print{section{break-inside:avoid}}
)css";

}  // namespace zoa::detail
