// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/report_script.h"

namespace zoa::detail {

const char kReportScript[] = R"js(
document.querySelectorAll('table.sortable thead th').forEach(th=>{
  const sort=()=>{
    const body=th.closest('table').tBodies[0],i=th.cellIndex,down=th.ariaSort!=='descending';
    const key=r=>{const c=r.cells[i],k=c.dataset.k;
      return k===undefined?c.textContent:k===''?-Infinity:+k};
    const order=(a,b)=>typeof a==='string'?b.localeCompare(a):a<b?-1:a>b?1:0;
    [...body.rows].sort((a,b)=>(down?1:-1)*order(key(b),key(a))).forEach(r=>body.append(r));
    for(const other of th.parentNode.cells)other.removeAttribute('aria-sort');
    th.ariaSort=down?'descending':'ascending';
  };
  th.tabIndex=0;
  th.addEventListener('click',sort);
  th.addEventListener('keydown',e=>{if(e.key==='Enter')sort()});
});
)js";

const char kReportScriptHash[] = "sha256-P0bqIORVxDflENHchjrmt91WtPzdO/om4FWgRWxtCes=";

}  // namespace zoa::detail
