from flask import Blueprint, jsonify, request

from .models import get_db

bp = Blueprint('orders', __name__)


@bp.route('', methods=['GET'])
def list_orders():
    rows = get_db().execute('SELECT * FROM orders ORDER BY id').fetchall()
    return jsonify([dict(row) for row in rows])


@bp.route('', methods=['POST'])
def create_order():
    data = request.get_json()
    try:
        item = data['item'].strip()
        quantity = int(data['quantity'])
        cursor = get_db().execute('INSERT INTO orders (item, quantity) VALUES (?, ?)', (item, quantity))
        get_db().commit()
        print(f"New order {cursor.lastrowid} for {quantity} x {item}")
        return jsonify({'id': cursor.lastrowid, 'item': item, 'quantity': quantity}), 201
    except Exception as e:
        print("Order failed:", e)
        return jsonify({'error': str(e)}), 500


@bp.route('/<int:order_id>')
def read_order(order_id):
    row = get_db().execute('SELECT * FROM orders WHERE id = ?', (order_id,)).fetchone()
    if row is None:
        return jsonify({'error': 'Order not found'}), 404
    return jsonify(dict(row))
