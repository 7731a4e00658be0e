"""How the page looks, and the few lines that run in the browser whatever the server does."""

from __future__ import annotations

from fluorosam_ros.console.presence import BEAT_S, SILENCE_S

CLOCK_ID = "console-clock"

CSS = """
:root { --bg:#0a0e13; --card:#121922; --line:#223040; --text:#e6edf3; --dim:#8fa1b3; --ok:#3fb68b; --warn:#e0a83b;
  --bad:#f2545b; --info:#58a6e6; }
html, body { height:100%; overflow:hidden; background:var(--bg); color:var(--text); }
body { font-family: Roboto, "Segoe UI", "DejaVu Sans", sans-serif; font-size:17px; }
.nicegui-content { padding:0 !important; gap:0 !important; width:100%; height:100vh; }
.console { display:grid; width:100vw; height:100vh; grid-template-rows:56px minmax(0,1fr);
  grid-template-columns:376px minmax(0,1fr) 404px; gap:12px; padding:0 12px 12px 12px; box-sizing:border-box; }
.bar { grid-column:1/4; display:flex; align-items:center; gap:22px; border-bottom:1px solid var(--line);
  margin:0 -12px; padding:0 20px; }
.brand { font-size:21px; font-weight:600; letter-spacing:.02em; }
.grow { flex:1; }
.clock { font-size:24px; font-variant-numeric:tabular-nums; }
.dim { color:var(--dim); }
.column { display:flex; flex-direction:column; gap:12px; min-height:0; min-width:0; flex-wrap:nowrap; }
.card { background:var(--card); border:1px solid var(--line); border-radius:10px; padding:14px 16px; min-width:0; }
.node { display:flex; align-items:center; gap:8px; font-size:16px; }
.dot { width:13px; height:13px; border-radius:50%; background:var(--dim); flex:none; }
.ok .dot { background:var(--ok); } .warn .dot { background:var(--warn); }
.error .dot { background:var(--bad); } .silent .dot { background:transparent; border:2px solid var(--bad); }
.silent, .error { color:var(--bad); }
.caption { white-space:nowrap; font-size:13px; letter-spacing:.09em; text-transform:uppercase; color:var(--dim); }

.mode { font-size:40px; line-height:1.1; font-weight:700; letter-spacing:.02em; }
.interlock { border-left:8px solid var(--dim); display:flex; flex-direction:column; gap:10px; }
.interlock.armed { border-left-color:var(--ok); } .interlock.armed .mode { color:var(--ok); }
.interlock.stopped, .interlock.silent { border-left-color:var(--bad); color:inherit; }
.interlock.stopped .mode, .interlock.silent .mode { color:var(--bad); font-size:33px; }
.reason { font-size:16px; line-height:1.3; height:42px; overflow:hidden; color:var(--text); }
.trouble { color:var(--warn); font-size:15px; line-height:1.3; }
.alarm { background:var(--bad); color:#fff; font-weight:700; padding:8px 10px; border-radius:8px; }
.row { display:flex; flex-wrap:nowrap; gap:8px; align-items:center; }
.row > * { min-width:0; }
.q-btn.push { background:#1d2935; color:var(--text); border:1px solid #31445a; border-radius:8px;
  font-size:17px; font-weight:600; min-height:46px; flex:1; padding:4px 10px; letter-spacing:.03em; }
.q-btn.push.on { background:#24507a; border-color:var(--info); }
.q-btn.push.small { min-height:38px; font-size:15px; }
.q-btn.push.beam { border-color:var(--warn); }
.q-btn.stop { background:#c8202b; color:#fff; border-radius:10px; font-size:29px; font-weight:800;
  letter-spacing:.05em; height:92px; width:100%; border:3px solid #ff8087; }
.q-btn.stop:focus-visible { outline:4px solid #fff; }

.dose { flex:1; display:flex; flex-direction:column; gap:9px; min-height:0; overflow:hidden; }
.meters { display:flex; flex-direction:column; gap:11px; flex:none; margin-top:4px; }
.meter-top { display:flex; align-items:baseline; gap:10px; white-space:nowrap; }
.meter-limit { color:var(--dim); font-size:15px; min-width:52px; text-align:right; }
.meter-value { font-size:20px; font-weight:600; font-variant-numeric:tabular-nums; }
.track { height:7px; border-radius:4px; background:#22303d; overflow:hidden; margin-top:3px; }
.fill { height:100%; border-radius:4px; background:var(--info); }
.fill.high { background:var(--warn); } .fill.full { background:var(--bad); }
.cost { display:flex; justify-content:space-between; gap:10px; font-size:15px; line-height:1.45; }
.cost > :first-child { overflow:hidden; text-overflow:ellipsis; white-space:nowrap; }
.cost > :last-child { white-space:nowrap; color:var(--dim); }

.stage { position:relative; flex:1; min-height:0; background:#000; border:1px solid var(--line); border-radius:10px;
  overflow:hidden; display:flex; flex-direction:column; }
.stage .xray { flex:1; min-height:0; container-type:size; display:flex; align-items:center; justify-content:center; }
.film { --side:min(100cqw, calc(100cqh * var(--ratio, 1))); width:var(--side);
  height:calc(var(--side) / var(--ratio, 1)); flex:none; }
.empty { position:absolute; color:var(--dim); font-size:21px; }
.switch { position:absolute; top:10px; right:10px; width:204px; opacity:.9; }
.banner { flex:none; height:46px; padding:0 16px; background:#573a06; color:#ffe3ab; display:flex; gap:14px;
  align-items:center; white-space:nowrap; overflow:hidden; }
.banner.live { background:#12563e; color:#eafff6; }
.banner .large { font-size:24px; font-weight:800; letter-spacing:.04em; }

.say { width:100%; font-size:23px; }
.say .q-field__control { background:var(--card) !important; border-radius:10px; border:2px solid #31445a; height:60px; }
.say .q-field__control:before, .say .q-field__control:after { display:none; }
.say .q-field__native { color:#fff !important; font-size:23px; padding-left:4px; height:56px; }
.say.q-field--focused .q-field__control { border-color:var(--info); }
.chips { display:flex; flex-wrap:wrap; gap:8px; height:36px; overflow:hidden; align-items:center; }
.q-btn.chip { background:#17212c; color:var(--text); border:1px solid #2b3d50; border-radius:17px;
  min-height:34px; font-size:16px; padding:2px 14px; font-weight:400; }
.q-btn.chip.acts { border-style:dashed; }
.tag { display:flex; align-items:center; gap:8px; background:#17212c; border-radius:17px; padding:3px 6px 3px 13px;
  font-size:16px; height:34px; white-space:nowrap; border:1px solid #2b3d50; }
.tag.absent { color:var(--dim); }
.q-btn.cross { min-height:24px; min-width:24px; padding:0 6px; color:var(--dim); font-size:17px; }

.angles { display:flex; gap:10px; }
.angles > div { flex:1; }
.angle { font-size:36px; line-height:1.15; font-weight:700; font-variant-numeric:tabular-nums; white-space:nowrap; }
.facts { display:grid; grid-template-columns:auto 1fr; gap:2px 14px; font-size:17px; margin-top:6px; }
.facts > :nth-child(even) { text-align:right; font-variant-numeric:tabular-nums; white-space:nowrap; }
.pill { white-space:nowrap; font-size:16px; font-weight:700; border-radius:14px; padding:3px 13px;
  background:#22303d; color:var(--dim); }
.pill.moving { background:#24507a; color:#fff; } .pill.beam { background:#e0b000; color:#141000; }
.pill.lost { background:var(--bad); color:#fff; }
.space { padding:0; overflow:hidden; height:236px; flex:none; position:relative; }
.log { flex:1; min-height:0; overflow-y:auto; display:flex; flex-direction:column; gap:7px; padding:12px 14px; }
.entry { border-left:4px solid var(--dim); padding:1px 0 1px 10px; }
.entry .said { font-size:17px; font-weight:600; overflow-wrap:anywhere; }
.entry .answer { font-size:16px; line-height:1.3; overflow-wrap:anywhere; }
.entry .when { float:right; font-size:13px; color:var(--dim); font-variant-numeric:tabular-nums; padding-left:8px; }
.entry.done { border-left-color:var(--ok); }
.entry.understood { border-left-color:var(--info); } .entry.understood .answer { color:var(--info); }
.entry.question { border-left-color:var(--warn); } .entry.question .answer { color:var(--warn); }
.entry.refused, .entry.failed, .entry.stopped { border-left-color:var(--bad); }
.entry.refused .answer, .entry.failed .answer, .entry.stopped .answer { color:#ff9499; }
.entry .row { flex-wrap:wrap; margin-top:5px; }

#console-lost { display:none; position:fixed; inset:0; z-index:9000; background:rgba(70,4,8,.93); color:#fff;
  flex-direction:column; align-items:center; justify-content:center; gap:18px; text-align:center; }
#console-lost b { font-size:52px; } #console-lost span { font-size:27px; }
body.console-lost #console-lost { display:flex; }
#console-unheard { display:none; position:fixed; left:0; right:0; top:0; z-index:9500; background:#f2545b; color:#fff;
  font-size:29px; font-weight:800; text-align:center; padding:14px; }
body.console-unheard #console-unheard { display:block; }
#popup { display:none !important; }
"""

BODY = """
<div id="console-lost"><b>CONNECTION LOST</b>
<span>What is behind this is old. To stop, use the red button on the C-arm.</span></div>
<div id="console-unheard">THE STOP WAS NOT DELIVERED: use the red button on the C-arm</div>
"""

# The stop is posted, not sent over the page's socket: it goes through while that hangs, and is known to have arrived.
SCRIPT = f"""
<script>
window.consoleStop = async () => {{
  try {{
    const answer = await fetch('/emergency_stop', {{method: 'POST', keepalive: true}});
    document.body.classList.toggle('console-unheard', !answer.ok);
  }} catch {{ document.body.classList.add('console-unheard'); }}
}};
document.addEventListener('keydown', (event) => {{
  if (event.key !== 'Escape' || event.repeat) return;
  event.preventDefault();
  window.consoleStop();
}}, true);
window.addEventListener('load', () => {{
  setInterval(() => {{ try {{ emitEvent('console_beat'); }} catch {{}} }}, {BEAT_S * 1000:.0f});
  let shown = '', since = performance.now();
  setInterval(() => {{
    const text = document.getElementById('{CLOCK_ID}')?.textContent ?? '';
    if (text !== shown) {{ shown = text; since = performance.now(); }}
    document.body.classList.toggle('console-lost', performance.now() - since > {(SILENCE_S + 1) * 1000:.0f});
  }}, 250);
}});
</script>
"""
