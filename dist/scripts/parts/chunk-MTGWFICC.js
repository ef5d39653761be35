import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{sql}from"./chunk-4DSU2N4Z.js";var LONGEST_UNENDED_SECONDS=3600;async function callsDone(store,wanted){let{line,number,since,before}=wanted,now=store.now().toISOString(),began=sql`coalesce(started_at, created_at)`,lasted=sql`coalesce(
    duration_seconds,
    CASE
      WHEN ended_at IS NOT NULL THEN unixepoch(ended_at, 'subsec') - unixepoch(${began}, 'subsec')
      WHEN started_at IS NOT NULL THEN min(
        ${LONGEST_UNENDED_SECONDS}, unixepoch(${now}, 'subsec') - unixepoch(started_at, 'subsec')
      )
    END,
    0
  )`,isEarlier=before===void 0?sql`true`:sql`(created_at, rowid) < (SELECT mine.created_at, mine.rowid FROM calls AS mine WHERE mine.id = ${before})`,{rows}=await sql`
    SELECT
      count(*) FILTER (WHERE line = ${line}) AS on_line,
      coalesce(sum(max(0, ${lasted})) FILTER (WHERE line = ${line}), 0) AS seconds,
      count(*) FILTER (WHERE callee = ${number}) AS to_number,
      max(coalesce(ended_at, created_at)) FILTER (WHERE callee = ${number}) AS last
    FROM calls
    WHERE direction = 'outbound'
      AND created_at >= ${since.toISOString()}
      AND state NOT IN ('planned', 'canceled', 'refused')
      AND ${isEarlier}
  `.execute(store.db),row=rows[0];return{onLine:row?.on_line??0,secondsOnLine:row?.seconds??0,toNumber:row?.to_number??0,lastToNumber:row?.last?new Date(row.last):void 0}}async function messagesDone(store,wanted){let row=await store.db.selectFrom("outbox").select(({fn})=>fn.countAll().as("count")).where("line","=",wanted.line).where("created_at",">=",wanted.since.toISOString()).where("state","!=","failed").$if(wanted.before!==void 0,query=>query.where("id","<",wanted.before??0)).executeTakeFirst();return Number(row?.count??0)}export{callsDone,messagesDone};
