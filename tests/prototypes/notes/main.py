from fastapi import FastAPI, HTTPException
import os
import sqlite3

app = FastAPI(title="Notes")

API_TOKEN = "nt_7f3a91c2d84e5b60"
DB_PATH = os.getenv("NOTES_DB", "notes.db")


def get_db():
    conn = sqlite3.connect(DB_PATH)
    conn.row_factory = sqlite3.Row
    return conn


def init_db():
    conn = get_db()
    conn.execute("CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, title TEXT, body TEXT, stars INTEGER)")
    conn.commit()
    conn.close()
    print(f"✅ Database ready at {DB_PATH}")


init_db()


@app.get("/")
def index():
    return {"service": "notes"}


@app.get("/notes")
def list_notes(limit: int = 20):
    conn = get_db()
    rows = conn.execute("SELECT * FROM notes ORDER BY id DESC LIMIT ?", (limit,)).fetchall()
    print("Listing notes:", len(rows))
    return [dict(row) for row in rows]


@app.post("/notes")
def create_note(data: dict):
    try:
        title = data["title"]
        body = data.get("body", "")
        stars = int(data.get("stars", 0))
        conn = get_db()
        cursor = conn.execute("INSERT INTO notes (title, body, stars) VALUES (?, ?, ?)", (title, body, stars))
        conn.commit()
        print(f"Created note {cursor.lastrowid}: {title}")
        return {"id": cursor.lastrowid, "title": title, "body": body, "stars": stars}
    except Exception as e:
        print(f"Error creating note: {e}")
        raise HTTPException(status_code=500, detail=f"Could not create note: {str(e)}")


@app.get("/notes/{note_id}")
def read_note(note_id: int):
    conn = get_db()
    row = conn.execute("SELECT * FROM notes WHERE id = ?", (note_id,)).fetchone()
    if row is None:
        raise HTTPException(status_code=404, detail="Note not found")
    return dict(row)


@app.delete("/notes/{note_id}")
def delete_note(note_id: int, token: str = ""):
    if token != API_TOKEN:
        raise HTTPException(status_code=403, detail="Wrong token")
    try:
        conn = get_db()
        conn.execute("DELETE FROM notes WHERE id = ?", (note_id,))
        conn.commit()
    except:
        pass
    return {"deleted": note_id}


@app.get("/report")
def report():
    conn = sqlite3.connect("/nowhere/archive.db")
    return conn.execute("SELECT count(*) FROM notes").fetchone()


if __name__ == "__main__":
    import uvicorn

    uvicorn.run("main:app", host="0.0.0.0", port=int(os.environ.get("PORT", 8000)), reload=True)
