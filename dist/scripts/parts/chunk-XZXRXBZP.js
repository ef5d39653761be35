import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);
import{sql}from"./chunk-4DSU2N4Z.js";var NO_END="~",LONGEST_UNENDED_SECONDS=3600;async function callsDone(store,wanted){let{line,number,since,before}=wanted,now=store.now().toISOString(),at=(wanted.at??store.now()).toISOString(),until=wanted.until?.toISOString()??NO_END,began=sql`coalesce(started_at, created_at)`,lasted=sql`coalesce(
    duration_seconds,
    CASE
      WHEN ended_at IS NOT NULL THEN unixepoch(ended_at, 'subsec') - unixepoch(${began}, 'subsec')
      WHEN started_at IS NOT NULL THEN min(
        ${LONGEST_UNENDED_SECONDS}, unixepoch(${now}, 'subsec') - unixepoch(started_at, 'subsec')
      )
    END,
    0
  )`,isEarlier=before===void 0?sql`true`:sql`(created_at, rowid) < (SELECT mine.created_at, mine.rowid FROM calls AS mine WHERE mine.id = ${before})`,{rows}=await sql`
    WITH done (line, number, seconds, at) AS (
      SELECT line, callee, max(0, ${lasted}), coalesce(ended_at, created_at)
      FROM calls
      WHERE direction = 'outbound'
        AND created_at >= ${since.toISOString()}
        AND created_at < ${until}
        AND state NOT IN ('planned', 'canceled', 'refused')
        AND ${isEarlier}
      UNION ALL
      SELECT line, recipient, coalesce(duration_seconds, 0), scheduled_at
      FROM scheduled_events
      WHERE channel = 'call' AND ${isScheduled(wanted)}
    )
    SELECT
      count(*) FILTER (WHERE line = ${line}) AS on_line,
      coalesce(sum(seconds) FILTER (WHERE line = ${line}), 0) AS seconds,
      count(*) FILTER (WHERE number = ${number}) AS to_number,
      max(at) FILTER (WHERE number = ${number} AND at <= ${at}) AS last,
      min(at) FILTER (WHERE number = ${number} AND at > ${at}) AS next
    FROM done
  `.execute(store.db),row=rows[0];return{onLine:row?.on_line??0,secondsOnLine:row?.seconds??0,toNumber:row?.to_number??0,lastToNumber:row?.last?new Date(row.last):void 0,nextToNumber:row?.next?new Date(row.next):void 0}}function isScheduled({since,until,beforeEvent}){let isEarlier=beforeEvent===void 0?sql`true`:sql`id < ${beforeEvent}`;return sql`scheduled_at >= ${since.toISOString()}
    AND scheduled_at < ${until?.toISOString()??NO_END}
    AND state IN ('intended', 'scheduled')
    AND ${isEarlier}`}async function messagesDone(store,wanted){let row=await store.db.selectFrom("outbox").select(({fn})=>fn.countAll().as("count")).where("line","=",wanted.line).where("created_at",">=",wanted.since.toISOString()).where("created_at","<",wanted.until?.toISOString()??NO_END).where("state","!=","failed").$if(wanted.before!==void 0,query=>query.where("id","<",wanted.before??0)).executeTakeFirst(),scheduled=await store.db.selectFrom("scheduled_events").select(({fn})=>fn.countAll().as("count")).where("line","=",wanted.line).where("channel","=","sms").where(isScheduled(wanted)).executeTakeFirst();return Number(row?.count??0)+Number(scheduled?.count??0)}async function wasContacted({db},number){return await db.selectFrom("calls").select("id").where("callee","=",number).executeTakeFirst()!==void 0?!0:await db.selectFrom("outbox").select("id").where("recipient","=",number).executeTakeFirst()!==void 0}export{callsDone,messagesDone,wasContacted};
