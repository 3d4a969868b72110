// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/report_style.h"

namespace zoa::detail {

const char kReportStyle[] = R"css(
:root{color-scheme:light dark;--bg:#fdfdfc;--fg:#1c1e21;--soft:#5d636b;--line:#dfe1e4;--band:#f1f2f4;
--m0:#8b9097;--m1:#0a63b5;--m2:#c4570a;--m3:#0b8a63;--m4:#9a3f86;--m5:#8f7200;--m6:#c22f3d;
--m7:#6a4fc9;--up:#0b7a55;--down:#b3361e}
@media (prefers-color-scheme:dark){:root{--bg:#14161a;--fg:#e4e6e9;--soft:#9aa1aa;--line:#2d3137;
--band:#1b1e23;--m0:#8f969f;--m1:#62aef5;--m2:#f0954c;--m3:#4cc79b;--m4:#d98ac6;--m5:#d9b83c;
--m6:#ff8a8a;--m7:#b3a2ff;--up:#5acb9e;--down:#f08a75}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--fg);font:16px/1.55 system-ui,-apple-system,"Segoe UI",
Roboto,"Helvetica Neue",Arial,sans-serif;-webkit-text-size-adjust:100%}
main{max-width:68rem;margin:0 auto;padding:2.5rem 1.25rem 4rem}
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
.c0{--c:var(--m0)}.c1{--c:var(--m1)}.c2{--c:var(--m2)}.c3{--c:var(--m3)}.c4{--c:var(--m4)}
.c5{--c:var(--m5)}.c6{--c:var(--m6)}.c7{--c:var(--m7)}
.tiles div[class^=c]{border-color:var(--c)}
svg .line{stroke:var(--c);stroke-linecap:round}.d1 .line{stroke-dasharray:8 4}.d2 .line{stroke-dasharray:2 4}
svg .thin{stroke-width:1.25}svg .mark{fill:var(--c);stroke:var(--bg);stroke-width:.75}svg .fill{fill:var(--c)}
svg .cross{stroke:var(--c);stroke-width:1.5}svg .spread{stroke:var(--c);stroke-width:1.25}
svg .lead{stroke:var(--soft);stroke-width:.75;opacity:.7}svg .dots{fill:var(--c)}
svg .pareto{stroke:var(--soft);stroke-width:1.25;stroke-dasharray:4 4;opacity:.8}
svg .name{fill:var(--fg);paint-order:stroke;stroke:var(--bg);stroke-width:3px;stroke-linejoin:round}
svg.swatch{display:inline-block;width:30px;height:12px;margin-right:.5rem;vertical-align:-1px;
overflow:visible;flex:none}
svg.swatch .line{stroke-width:2}
.halves{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr));gap:1rem 1.5rem}
svg.half{width:100%;max-width:34rem;height:auto}
.keys{display:flex;flex-wrap:wrap;gap:.15rem 1.1rem;margin:.25rem 0 .75rem;font-size:.875rem}
.keys label{display:inline-flex;align-items:center;cursor:pointer;padding:.1rem 0}
.keys input{margin:0 .45rem 0 0;accent-color:var(--soft)}
.keys label:has(:not(:checked)){color:var(--soft)}
h4{font-size:.875rem;font-weight:600;margin:1.25rem 0 .25rem}
.warning{margin:1.25rem 0;border-left:3px solid var(--down);padding-left:.75rem;overflow-wrap:anywhere}
.warning p{margin:0}.warning ul{margin:.25rem 0;padding-left:1.25rem;font-size:.9rem}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.925rem;width:100%}
th,td{text-align:right;padding:.38rem .8rem .38rem 0;border-bottom:1px solid var(--line);
white-space:nowrap}
table.cost{width:auto;min-width:min(100%,30rem)}
th:first-child,td:first-child{text-align:left}
tbody th{color:var(--fg);font-weight:400;font-size:inherit;white-space:nowrap}
tr:hover td,tr:hover th[scope=row]{background:var(--band)}
tbody td b{font-weight:650}
table.sortable thead th{cursor:pointer}table.sortable thead th:hover{color:var(--fg)}
th[aria-sort=descending]::after{content:" \2193"}th[aria-sort=ascending]::after{content:" \2191"}
table.wide{font-size:.84rem}
table.wide td,table.wide thead th{padding-right:.35rem;padding-left:.35rem}
table.wide svg.bar{width:100%;min-width:2.4rem;height:5px;margin-top:2px}
th.slant{height:8.5rem;vertical-align:bottom;font-weight:400;white-space:nowrap}
th.slant span{writing-mode:vertical-rl;transform:rotate(180deg)}
table.wide th[scope=row],table.methods th[scope=row]{position:sticky;left:0;background:var(--bg)}
table.wide,table.methods{border-collapse:separate;border-spacing:0}
table.wide td:last-child{border-left:1px solid var(--line)}
th{font-weight:600;color:var(--soft);font-size:.85rem;white-space:normal;vertical-align:bottom}
tr.mean td,tr.mean th{font-weight:650;border-bottom:0}
td.bar{width:9.5rem;padding-right:0}
svg.bar{width:9rem;height:14px;margin-left:auto}
svg.bar .zero{stroke:var(--soft)}svg.bar .up{fill:var(--up)}svg.bar .down{fill:var(--down)}
pre{background:var(--band);border:1px solid var(--line);border-radius:6px;padding:.8rem 1rem;margin:.5rem 0;
white-space:pre-wrap;overflow-wrap:anywhere;font:.85rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
details{margin-top:1.25rem}
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
